/** What the dashboard asks beside usage: what there is to show, how complete it is, notes, and shared views. */
import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Config } from '../../../shared/config.ts'
import { readFreshness } from '../../../shared/freshness.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
import type { Metrics } from '../../../shared/metrics.ts'
import { rfc3339 } from '../../../shared/rfc3339.ts'
import type { WarehouseReader } from '../../../shared/warehouse/port.ts'
import { dayMs } from '../../../shared/window.ts'
import { readQuarantine } from '../../worker/quarantine.ts'
import { collectorAddress } from '../front-page.ts'
import type { FrozenFiles } from '../partner-api/frozen-files.ts'
import { takeJsonBodies } from '../partner-api/json-bodies.ts'
import { DisclosureReader } from '../privacy/disclosure-reader.ts'
import type { UsageDesk } from '../usage-desk.ts'
import { addAnnotation, deleteAnnotation, listAnnotations } from './annotations.ts'
import { firstOpenDay } from './closed-days.ts'
import { dashboardModel } from './dashboard-model.ts'
import { dashboardSchemas } from './dashboard-schemas.ts'
import type { Demo } from './demo-port.ts'
import { notCounted } from './not-counted.ts'
import { partnerAccess } from './partner-access.ts'
import { previewRelease } from './release-preview.ts'
import { type SharedViews, viewsMax } from './shared-views.ts'
import { readViewWish } from './view-wish.ts'
import { forbidden, type Who } from './who.ts'

const bodyBytesMax = 16 * 1024
/** A day that was not imported is closed after at most so many. */
const openDaysMax = 7

export interface DashboardDeps {
  readonly config: Config
  readonly catalogue: Catalogue
  readonly reader: WarehouseReader
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly metrics: Metrics
  readonly ledger: Ledger
  readonly files: FrozenFiles
  readonly k: number
  readonly desk: Pick<UsageDesk, 'lookAhead'>
  readonly who: Who
  readonly views: SharedViews
  /** Without, as in a process of reporting alone, there is none to be started. */
  readonly demo?: Demo
}

export function addDashboardRoutes(app: FastifyInstance, deps: DashboardDeps): void {
  const { config, catalogue, reader, keyValue, clock, ledger, files, k, desk, who, views, demo, metrics } = deps
  const begunAt = rfc3339(clock.now())
  const disclosures = new DisclosureReader({ ledger, clock })
  const model = { ...dashboardModel(catalogue, k), collector: collectorAddress(config) }

  app.register(
    async (part) => {
      takeJsonBodies(part, bodyBytesMax)

      part.get('/dashboard', { schema: dashboardSchemas.model }, async (request, reply) => {
        const viewer = await who.viewer(request)
        desk.lookAhead()
        const view = viewer.role === 'guest' ? viewer.view : null
        const { begun = null } = (await demo?.status()) ?? {}
        return reply.send({ ...model, now: rfc3339(clock.now()), role: viewer.role, view, demo: begun })
      })

      part.get('/quality', { schema: dashboardSchemas.quality }, async (request, reply) => {
        await who.analyst(request)
        const freshTo = await readFreshness(keyValue)
        return reply.send({
          fresh_to: freshTo === undefined ? null : rfc3339(freshTo),
          lag_seconds: freshTo === undefined ? null : Math.max(0, clock.now() - freshTo) / 1000,
          quarantined: await readQuarantine(keyValue),
          since: begunAt,
          not_counted: await notCounted(metrics),
        })
      })

      part.get<{ Params: { day: string; dataset: string } }>(
        '/releases/:day/:dataset/preview',
        { schema: dashboardSchemas.preview },
        async (request, reply) => {
          await who.analyst(request)
          const { day, dataset } = request.params
          return reply.send(await previewRelease(files, ledger, day, dataset))
        },
      )

      part.get('/partner-access', { schema: dashboardSchemas.partnerAccess }, async (request, reply) => {
        const role = await who.analyst(request)
        return reply.send(await partnerAccess({ ledger, disclosures }, role, clock.now()))
      })

      part.get('/demo', { schema: dashboardSchemas.demo }, async (request, reply) => {
        await who.analyst(request)
        if (!demo) throw noDemo()
        return reply.send(await demo.status())
      })
      part.post('/demo', { schema: dashboardSchemas.startDemo }, async (request, reply) => {
        if ((await who.analyst(request)) !== 'admin') throw forbidden('Only an admin may start the demo.')
        if (!demo) throw noDemo()
        return reply.code(202).send(await demo.start())
      })

      part.get('/annotations', { schema: dashboardSchemas.annotations }, async (request, reply) => {
        await who.viewer(request)
        return reply.send({ annotations: await listAnnotations(keyValue) })
      })
      part.post('/annotations', { schema: dashboardSchemas.annotate }, async (request, reply) => {
        await who.analyst(request)
        return reply.code(201).send(await addAnnotation(keyValue, request.body as Record<string, unknown>))
      })
      part.delete<{ Params: { id: string } }>(
        '/annotations/:id',
        { schema: dashboardSchemas.unannotate },
        async (request, reply) => {
          await who.analyst(request)
          await deleteAnnotation(keyValue, request.params.id)
          return reply.code(204).send()
        },
      )

      part.get('/shares', { schema: dashboardSchemas.shares }, async (request, reply) => {
        await who.analyst(request)
        const now = clock.now()
        const today = now - (now % dayMs)
        const recent = { from: rfc3339(today - openDaysMax * dayMs), to: rfc3339(today) }
        const open = (await firstOpenDay(reader, catalogue, recent, now)) ?? rfc3339(today).slice(0, 10)
        return reply.send({ shares: await views.list(), open_from: open })
      })
      part.post('/shares', { schema: dashboardSchemas.share }, async (request, reply) => {
        await who.analyst(request)
        const { days, ...wish } = readViewWish(request.body as Record<string, unknown>, catalogue)
        for (const range of wish.ranges) {
          const open = await firstOpenDay(reader, catalogue, range, clock.now())
          if (open !== undefined) throw notClosed(open)
        }
        if ((await views.list()).length >= viewsMax) throw tooMany()
        const { view, key } = await views.add(wish, days)
        return reply.code(201).send({ ...view, key })
      })
      part.delete<{ Params: { id: string } }>(
        '/shares/:id',
        { schema: dashboardSchemas.unshare },
        async (request, reply) => {
          await who.analyst(request)
          await views.revoke(request.params.id)
          return reply.code(204).send()
        },
      )
    },
    { prefix: '/api/v1' },
  )
}

function noDemo(): ProblemError {
  return new ProblemError(
    problem(
      501,
      'no-demo',
      'There is no demo here',
      'It runs where everything is one process, on its own engines (`npm start`).',
    ),
  )
}

function notClosed(day: string): ProblemError {
  return new ProblemError(
    problem(
      409,
      'not-closed',
      'Only closed days can be shared',
      `${day} still changes. Share a period that ends before it; a day closes some 26 hours after its end.`,
    ),
  )
}

function tooMany(): ProblemError {
  return new ProblemError(
    problem(409, 'too-many-shares', 'Too many shared views', `Revoke one of the ${viewsMax} first.`),
  )
}
