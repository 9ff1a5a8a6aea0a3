/** What analysts ask: which datasets there are, and usage from the aggregate tables. */
import { pipeline, Readable } from 'node:stream'
import { constants, createGzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { ProblemError } from '../../shared/http/problem.ts'
import type { Logger } from '../../shared/logger.ts'
import { datasetsSchema, describeDatasets, usageBatchSchema, usageSchema } from './analyst-schemas.ts'
import { isWithinView } from './dashboard/shared-views.ts'
import { forbidden, type Viewer, type Who } from './dashboard/who.ts'
import { asProblem } from './failure.ts'
import { takeJsonBodies } from './partner-api/json-bodies.ts'
import { toCsv, type UsageAnswer } from './usage-answer.ts'
import { answerLines, batchBytesMax, readQuestions } from './usage-batch.ts'
import type { UsageDesk } from './usage-desk.ts'
import { parseUsageRequest, type UsageRequest } from './usage-request.ts'

interface AnalystApiOptions {
  readonly catalogue: Catalogue
  readonly clock: Clock
  readonly desk: UsageDesk
  /** Devices that a cell must have to be shown. */
  readonly k: number
  readonly logger: Logger
  readonly who: Who
}

export function addAnalystApi(app: FastifyInstance, options: AnalystApiOptions): void {
  const { catalogue, clock, desk, k, logger, who } = options

  app.get('/api/v1/datasets', { schema: datasetsSchema(catalogue, k) }, async (request, reply) => {
    await who.viewer(request)
    return reply.send({ datasets: describeDatasets(catalogue, k) })
  })

  const requestOf = (viewer: Viewer, query: Record<string, string | string[]>): UsageRequest => {
    const asked = parseUsageRequest(query, catalogue, clock.now())
    if (viewer.role === 'guest' && !isWithinView(asked, viewer.view)) throw notInView()
    return asked
  }

  app.get('/api/v1/usage', { schema: usageSchema(catalogue) }, async (request, reply) => {
    const viewer = await who.viewer(request)
    const asked = requestOf(viewer, request.query as Record<string, string | string[]>)
    return send(reply, asked.format, await desk.answer(asked))
  })

  app.register(async (part) => {
    takeJsonBodies(part, batchBytesMax)
    part.post('/api/v1/usage/batch', { schema: usageBatchSchema(catalogue) }, async (request, reply) => {
      const viewer = await who.viewer(request)
      const questions = readQuestions(request.body)
      desk.requireRoomFor(questions.length)
      const lines = answerLines(
        questions,
        (question) => requestOf(viewer, question),
        (asked) => desk.answerInTurn(asked),
        (error) => asProblem(error, logger),
      )
      reply.headers({ 'content-type': 'application/x-ndjson', vary: 'accept-encoding' })
      const text = Readable.from(lines, { objectMode: false })
      if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(text)
      return reply.header('content-encoding', 'gzip').send(compressed(text))
    })
  })
}

/** Each line is sent when it is ready; a page of a year is a megabyte, and a tenth of it so. */
function compressed(lines: Readable): Readable {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, flush: constants.Z_SYNC_FLUSH })
  // Either ends the other; what is wrong is told by the one that is sent.
  return pipeline(lines, gzip, () => undefined)
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
