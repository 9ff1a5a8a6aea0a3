/**
 * Sends the canaries through the real doors. Those that are to be accepted are events of the feature `_probe`, whose
 * cells no API lists and which go after an hour; those of real features are of senders who do not want to be counted, and
 * would change a number only where that promise is broken.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalogue } from '../../../shared/catalogue.ts'
import { probeFeature } from '../../../shared/event.ts'
import type { Canaries } from './canaries.ts'

const answerMsMax = 15_000
/** The door's minute. */
const waitMsMax = 60_000
/** What looks like somebody's secret; put before a canary in a value. */
const secretLooking = ['AKIA', 'ghp_', '/home/', 'Bearer ', 'mail-']

export interface SentTo {
  /** Without a slash at the end. */
  readonly collectorUrl: string
  readonly writeKey: string
  readonly catalogue: Catalogue
}

/** An answer as it came. */
export interface Answer {
  readonly what: string
  readonly status: number
  readonly text: string
}

/** Sends what is to be accepted, and what is to be refused. */
export async function sendCanaries(to: SentTo, canaries: Canaries): Promise<readonly Answer[]> {
  const shared = { time: new Date().toISOString(), feature: probeFeature, ...valuesOf(to.catalogue, canaries) }
  const event = (who: object) => ({ id: `${canaries['event-id']}-${randomUUID()}`, ...shared, ...who })
  const events = [
    event({ device: canaries.device }),
    event({ cookie: canaries.cookie }),
    event({ cluster: canaries.cluster }),
    event({}),
    // Without an id: to be rejected.
    { ...shared, device: canaries.rejected },
  ]
  const headers = { 'user-agent': canaries['user-agent'], cookie: `session=${canaries['foreign-cookie']}` }
  return [
    await post(to, `/v1/events?from=${canaries.query}`, JSON.stringify({ events }), headers),
    await post(to, '/v1/events', `{"events":[{"device":"${canaries.unreadable}"`, headers),
  ]
}

/** Sends events of senders who do not want to be counted: an opted-out device, and GPC and DNT. */
export async function sendUnwanted(to: SentTo, canaries: Canaries): Promise<readonly Answer[]> {
  const feature = to.catalogue.features[0]?.id ?? probeFeature
  const body = (device: string) => {
    const events = [0, 1, 2].map(() => ({ id: randomUUID(), time: new Date().toISOString(), feature, device }))
    return JSON.stringify({ events })
  }
  return [
    await post(to, '/v1/events', body(canaries['opted-out'])),
    await post(to, '/v1/events', body(canaries.gpc), { 'sec-gpc': '1' }),
    await post(to, '/v1/events', body(canaries.dnt), { dnt: '1' }),
  ]
}

/** How many events `sendUnwanted` sends of the opted-out device. */
export const optedOutEvents = 3

/** Waits, where the door has been asked too often in this minute. */
export async function post(
  to: Pick<SentTo, 'collectorUrl' | 'writeKey'>,
  path: string,
  body: string,
  headers = {},
): Promise<Answer> {
  for (;;) {
    const { answer, waitMs } = await postOnce(to, path, body, headers)
    if (waitMs === undefined) return answer
    await sleep(waitMs)
  }
}

async function postOnce(
  { collectorUrl, writeKey }: Pick<SentTo, 'collectorUrl' | 'writeKey'>,
  path: string,
  body: string,
  headers: Record<string, string>,
): Promise<{ answer: Answer; waitMs: number | undefined }> {
  const answer = await fetch(collectorUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${writeKey}`, 'content-type': 'application/json', ...headers },
    body,
    signal: AbortSignal.timeout(answerMsMax),
  })
  const what = `POST ${path.replace(/\?.*/, '')}`
  const text = `${JSON.stringify([...answer.headers])}\n${await answer.text()}`
  const waitMs = Number(answer.headers.get('retry-after') ?? Number.NaN) * 1000
  const mayWait = answer.status === 429 && waitMs <= waitMsMax
  return { answer: { what, status: answer.status, text }, waitMs: mayWait ? Math.max(100, waitMs) : undefined }
}

/** Every declared text field with something that looks like a secret, and one that is not declared. */
function valuesOf({ fields }: Catalogue, canaries: Canaries): Record<string, string> {
  const texts = [...fields].filter(([name, kind]) => kind === 'text' && !['device', 'cookie', 'cluster'].includes(name))
  const values = texts.map(([name], at) => [name, `${secretLooking[at % secretLooking.length]}${canaries.value}`])
  return { ...Object.fromEntries(values), audit_undeclared: canaries.undeclared }
}
