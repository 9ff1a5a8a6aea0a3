/**
 * The operator's door: routes on the collector, for the admin token, by which `headcount import`, `keys`, `close` and
 * `doctor` reach a running installation. Lines to import come as `<occurrence>`, a tab, and the line of the log file.
 */
import type { FastifyInstance } from 'fastify'
import { bearerToken, type KeyCheck, unauthorized } from '../../shared/http/authorization.ts'
import { ProblemError } from '../../shared/http/problem.ts'
import { sendProblem, unexpected } from '../../shared/http/problem-answer.ts'
import type { Logger } from '../../shared/logger.ts'
import { type EpochName, epochBounds } from '../../shared/window.ts'
import { type AccessLogFormat, accessLogFormats } from '../importer/access-log-line.ts'
import type { NumberedLine } from '../importer/numbered-lines.ts'
import type { PartnerWish } from '../partners/partner-registry.ts'
import type { Desk } from './desk.ts'
import { badRequest, foreseen, readWish } from './door-problems.ts'
import { addHoldRoutes } from './hold-routes.ts'
import { addSubjectRoutes } from './subject-routes.ts'

export const importBytesMax = 4 * 1024 * 1024

export interface OperatorDoorDeps {
  readonly desk: Desk
  readonly isAdminToken: KeyCheck
  readonly logger: Logger
}

type Query = Record<string, unknown>

const partnerFields = '{"name", "datasets", "purpose", "until"}'

/** Adds the routes under `/v1/operator/`. */
export async function addOperatorDoor(
  app: FastifyInstance,
  { desk, isAdminToken, logger }: OperatorDoorDeps,
): Promise<void> {
  await app.register(async (door) => {
    door.removeAllContentTypeParsers()
    door.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: importBytesMax }, (_request, body, done) =>
      done(null, body),
    )
    door.addHook('onRequest', async (request) => {
      if (isAdminToken(bearerToken(request.headers.authorization) ?? '')) return
      throw unauthorized(
        'Bearer',
        'Send `Authorization: Bearer <adminToken>`; the token is in credentials.json of the data directory.',
      )
    })
    door.setErrorHandler((error, _request, reply) => {
      const known = error instanceof ProblemError ? error : unexpected(error, logger)
      sendProblem(reply, known.problem, known.headers)
    })
    door.post('/v1/operator/import', async ({ query, body }) => {
      const { format, keepBots } = readFormat(query as Query)
      return desk.append(readLines(body), format, keepBots)
    })
    door.get('/v1/operator/progress', ({ query }) => desk.progress(readPositions(query as Query)))
    door.get('/v1/operator/keys', () => desk.keys())
    door.post('/v1/operator/sign-in', async ({ query }) => ({
      secret: await desk.signIn((query as Query).role === 'admin' ? 'admin' : 'analyst'),
    }))
    door.get('/v1/operator/quarantine', () => desk.quarantine())
    door.get('/v1/operator/retention', () => desk.retention())
    door.post('/v1/operator/release', async ({ query }) => {
      const { day, unfinished } = query as Query
      return desk.release(String(day ?? ''), unfinished === 'true')
    })
    door.get('/v1/operator/partners', () => desk.partners())
    door.post('/v1/operator/partners', async ({ body }) =>
      foreseen(() => desk.addPartner(readWish<PartnerWish>(body, partnerFields))),
    )
    door.post('/v1/operator/partners/revoke', async ({ query }) =>
      foreseen(async () => {
        await desk.revokePartner(String((query as Query).partner ?? ''))
        return { revoked: true }
      }),
    )
    door.get('/v1/operator/ledger/verify', ({ query }) => {
      const { head } = query as Query
      return desk.verifyLedger(typeof head === 'string' ? head : undefined)
    })
    addHoldRoutes(door, desk)
    addSubjectRoutes(door, desk)
    door.post('/v1/operator/close', async ({ query }) => {
      await desk.close(readEpoch(query as Query))
      return { closed: true }
    })
  })
}

/** Lines as the door's body. */
export function writeLines(lines: readonly NumberedLine[]): Buffer {
  return Buffer.from(lines.map(({ occurrence, line }) => `${occurrence}\t${line}\n`).join(''), 'latin1')
}

function readLines(body: unknown): NumberedLine[] {
  if (!Buffer.isBuffer(body))
    throw badRequest('The body must be lines, each as `<occurrence>`, a tab, and the line of the log.')
  const lines: NumberedLine[] = []
  for (const text of body.toString('latin1').split('\n')) {
    if (text === '') continue
    const tab = text.indexOf('\t')
    const occurrence = Number(text.slice(0, tab))
    if (tab < 1 || !Number.isSafeInteger(occurrence) || occurrence < 1)
      throw badRequest('Each line must start with its occurrence number (1 or more) and a tab.')
    lines.push({ occurrence, line: text.slice(tab + 1) })
  }
  return lines
}

function readFormat(query: Query): { format: AccessLogFormat; keepBots: boolean } {
  const format = accessLogFormats.find((one) => one === query.format)
  if (!format) throw badRequest(`\`format\` must be one of ${accessLogFormats.join(', ')}.`)
  return { format, keepBots: query.keepBots === 'true' }
}

function readPositions(query: Query): Record<string, number> {
  const text = typeof query.positions === 'string' ? query.positions : ''
  const pairs = text === '' ? [] : text.split(',').map((pair) => pair.split(':').map(Number))
  if (pairs.some((pair) => pair.length !== 2 || pair.some((value) => !Number.isSafeInteger(value)))) {
    throw badRequest('`positions` must be `<partition>:<position>` pairs with commas between.')
  }
  return Object.fromEntries(pairs)
}

function readEpoch(query: Query): EpochName {
  const name = String(query.epoch ?? '') as EpochName
  try {
    epochBounds(name)
    return name
  } catch {
    throw badRequest('`epoch` must be like day:2026-11-23, week:2026-11-23 (a Monday) or month:2026-11-01.')
  }
}
