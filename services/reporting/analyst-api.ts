/** What analysts ask: which datasets there are, and usage from the aggregate tables. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import { readFreshness } from '../../shared/freshness.ts'
import { ProblemError, problem } from '../../shared/http/problem.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import { datasetsSchema, describeDatasets, usageSchema } from './analyst-schemas.ts'
import { isWithinView } from './dashboard/shared-views.ts'
import { forbidden, type Who } from './dashboard/who.ts'
import { answerUsage, toCsv, type UsageAnswer } from './usage-answer.ts'
import { parseUsageRequest } from './usage-request.ts'
import { UsageTables } from './usage-tables.ts'

/** More would only wait for each other, and hold their tables in memory meanwhile. */
const runningMax = 16

interface AnalystApiOptions {
  catalogue: Catalogue
  reader: WarehouseReader
  keyValue: KeyValue
  clock: Clock
  metrics: Metrics
  /** Devices that a cell must have to be shown. */
  k: number
  who: Who
}

export function addAnalystApi(app: FastifyInstance, options: AnalystApiOptions): void {
  const { catalogue, keyValue, clock, metrics, k, who } = options
  const tables = new UsageTables(options.reader, catalogue, k)
  let running = 0

  app.get('/api/v1/datasets', { schema: datasetsSchema(catalogue, k) }, async (request, reply) => {
    await who.viewer(request)
    return reply.send({ datasets: describeDatasets(catalogue, k) })
  })

  app.get('/api/v1/usage', { schema: usageSchema(catalogue) }, async (request, reply) => {
    const viewer = await who.viewer(request)
    const asked = parseUsageRequest(request.query as Record<string, string | string[]>, catalogue, clock.now())
    if (viewer.role === 'guest' && !isWithinView(asked, viewer.view)) throw notInView()
    if (running >= runningMax) throw busy()
    running++
    try {
      // Before the tables: what is in them then is at least as fresh as said.
      const freshTo = await readFreshness(keyValue)
      if (freshTo !== undefined) metrics.freshnessSeconds.set(Math.max(0, clock.now() - freshTo) / 1000)
      return send(reply, asked.format, answerUsage(asked, await tables.read(asked, clock.now()), freshTo))
    } finally {
      running--
    }
  })
}

function send(reply: FastifyReply, format: 'json' | 'csv', answer: UsageAnswer): FastifyReply {
  if (format === 'json') return reply.send(answer)
  if (answer.fresh_to !== null) reply.header('x-headcount-fresh-to', answer.fresh_to)
  return reply
    .header('content-type', 'text/csv; charset=utf-8')
    .header('content-disposition', 'attachment; filename="usage.csv"')
    .header('x-headcount-suppressed', answer.suppressed)
    .send(toCsv(answer))
}

function notInView(): ProblemError {
  return forbidden(
    'This link shows usage by day, for its own days and with its own filters. Ask whoever shared it for more.',
  )
}

function busy(): ProblemError {
  return new ProblemError(
    problem(503, 'busy', 'Too many questions at once', 'Ask again after the seconds in Retry-After.'),
    { 'retry-after': '1' },
  )
}
