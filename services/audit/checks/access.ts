/** protect: every endpoint, asked without a token, with a made-up one and with each of the tokens, answers as declared. */
import { randomBytes } from 'node:crypto'
import { type Check, fail, named, notApplicable, type Outcome, pass } from '../check.ts'
import { collectorRoutes, type MayUse, type Route, reportingRoutes, workerRoutes } from '../routes.ts'
import type { Scene } from '../scene.ts'

type Caller = 'nobody' | 'a made-up token' | 'the write key' | 'the analyst token' | 'the admin token'
type Tokens = ReadonlyMap<Caller, string>

const answerMsMax = 15_000
/** Too many refusals from one address become 429; that is a refusal as well. */
const refusals: readonly number[] = [401, 403, 429]
const admitted: Readonly<Record<MayUse, readonly Caller[]>> = {
  everyone: ['nobody', 'a made-up token', 'the write key', 'the analyst token', 'the admin token'],
  write: ['the write key'],
  analyst: ['the analyst token', 'the admin token'],
  admin: ['the admin token'],
  proof: [],
  partner: [],
  link: [],
}
/** Bodies that reach no further than the check of who asks. */
const bodies: Readonly<Partial<Record<MayUse, object>>> = { proof: { device: 'nobody', choice: 'opt-out' } }
/** What there is none of, so that it should not be found either. */
const unknownPaths = ['/admin', '/debug', '/.env', '/credentials.json', '/v1/events/export', '/api/v1/events']

export const accessCheck: Check<Scene> = {
  id: 'access',
  promise: 'every endpoint is public by intention, or refuses whoever has not the right token',
  clauses: ['protect', 'share-purposes'],
  async look({ doors, credentials }): Promise<Outcome> {
    const servers = [
      ...doors.collectors.map((url) => ({ url, routes: collectorRoutes })),
      ...doors.workers.map((url) => ({ url, routes: workerRoutes })),
      ...doors.reporting.map((url) => ({ url, routes: reportingRoutes })),
    ]
    if (servers.length === 0) return notApplicable('nothing runs, or it was not said where')
    const tokens = tokensOf(credentials)
    const wrong: string[] = []
    let asked = 0
    for (const { url, routes } of servers) {
      for (const route of routes) {
        // One endpoint at a time, by all callers at once.
        const callers = callersOf(route, tokens)
        const statuses = await Promise.all(callers.map(([, token]) => ask(url, route, token)))
        asked += callers.length
        for (const [at, [caller]] of callers.entries()) {
          const problem = problemOf(route, caller, statuses[at] ?? 0)
          if (problem !== undefined) wrong.push(`${route.method} ${url}${route.path}: ${problem}`)
        }
      }
      for (const path of unknownPaths) {
        asked++
        const status = await ask(url, { method: 'GET', path, who: 'everyone' }, '')
        if (status < 400) wrong.push(`GET ${url}${path}, which is no endpoint, answers ${status}`)
      }
    }
    const known = [...tokens.keys()].join(', ')
    return wrong.length > 0 ? fail(named(wrong)) : pass(`${asked} requests to ${servers.length} ports as: ${known}`)
  },
}

function tokensOf({ writeKey, analystToken, adminToken }: Scene['credentials']): Tokens {
  const all: [Caller, string][] = [
    ['the write key', writeKey],
    ['the analyst token', analystToken],
    ['the admin token', adminToken],
  ]
  return new Map<Caller, string>([
    ['nobody', ''],
    ['a made-up token', randomBytes(24).toString('hex')],
    ...all.filter(([, token]) => token !== ''),
  ])
}

/** Whoever may not use it; of those who may, only of what changes nothing. */
function callersOf({ method, who }: Route, tokens: Tokens): [Caller, string][] {
  const isProof = who === 'proof'
  return [...tokens].filter(([caller]) => {
    // Few, since the door of choices takes few in a minute.
    if (isProof) return caller === 'a made-up token'
    return method === 'GET' || !admitted[who].includes(caller)
  })
}

async function ask(url: string, { method, path, who }: Route, token: string): Promise<number> {
  const named = path.replace(/\*$/, '').replaceAll(/:\w+/g, 'audit-nothing')
  const body = method === 'GET' ? undefined : JSON.stringify(bodies[who] ?? {})
  const answer = await fetch(url + named, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body }),
    signal: AbortSignal.timeout(answerMsMax),
    redirect: 'manual',
  })
  await answer.body?.cancel()
  return answer.status
}

/** A server that does not have a route at all (404) lets nobody in there. */
function problemOf({ who }: Route, caller: Caller, status: number): string | undefined {
  const mayUse = admitted[who].includes(caller)
  if (status >= 500 && status !== 503 && status !== 501) return `${caller} is answered ${status}`
  if (mayUse) return refusals.includes(status) ? `${caller} is refused (${status})` : undefined
  if (who === 'link') return status < 400 ? `a made-up link is answered ${status}` : undefined
  return refusals.includes(status) || status === 404 ? undefined : `${caller} is let in (${status})`
}
