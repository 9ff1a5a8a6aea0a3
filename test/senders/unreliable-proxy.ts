/**
 * A proxy before a collector over which no sender can rely on anything: by a seeded plan it answers 429 or 503 with
 * `Retry-After` itself, drops the connection before the collector sees the request or after it has taken it, or passes
 * request and answer on byte for byte. What a sender's retries lose or double shows in the counts behind it.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { seeded } from '../flow/hostile-requests.ts'

/**
 * `dropped-before`: the collector never sees the request. `dropped-after`: it has taken it, and the sender cannot know:
 * whoever sends that again must not be counted twice.
 */
export const faults = ['too-many', 'unavailable', 'dropped-before', 'dropped-after'] as const
export type Fault = (typeof faults)[number]

export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Seen extends Asked {
  readonly fate: Fault | 'passed'
  /** When the body was there; ms since the Unix epoch. */
  readonly at: number
  /** What the sender was answered; undefined when the connection was dropped. */
  readonly status: number | undefined
}

export interface Plan {
  readonly seed: number
  /** Each comes once, in an order that is drawn, before any comes again: few requests will do to meet all. Default: all. */
  readonly kinds?: readonly Fault[]
  /** Share of the requests that fail, 0 to 1. Default: 0.5; 1 with few `inARowMax` is the hardest. */
  readonly share?: number
  /** After so many faults of requests of the same name one passes, for senders give up some time. Default: 2. */
  readonly inARowMax?: number
  /**
   * Requests whose faults are counted together: whatever stays the same when a request is sent again. Default: the same
   * for all, which is right for senders that send one after the other.
   */
  readonly nameOf?: (asked: Asked) => string
  /** Which can fail. Default: POSTs. */
  readonly canFail?: (asked: Asked) => boolean
  /** Default: 1. */
  readonly retryAfterSeconds?: number
}

export interface UnreliableProxy {
  readonly url: string
  /** All requests so far, in the order in which they were answered or dropped. */
  readonly seen: readonly Seen[]
  /** How many had this fate. */
  count(fate: Seen['fate']): number
  /** From now on everything passes. */
  heal(): void
  close(): Promise<void>
}

export async function unreliableProxy(target: string, plan: Plan): Promise<UnreliableProxy> {
  const draw = fatesOf(plan)
  const seen: Seen[] = []
  let healed = false
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { method = 'GET', url = '/', headers } = incoming
      const asked = { method, url, headers, body: Buffer.concat(chunks) }
      const fate = healed ? 'passed' : draw(asked)
      void answer(target, asked, fate, plan, incoming, outgoing).then((status) => {
        seen.push({ ...asked, fate, at: Date.now(), status })
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    count: (fate) => seen.filter((one) => one.fate === fate).length,
    heal: () => {
      healed = true
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function fatesOf(plan: Plan): (asked: Asked) => Seen['fate'] {
  const { seed, kinds = faults, share = 0.5, inARowMax = 2 } = plan
  const { nameOf = () => '', canFail = ({ method }: Asked) => method === 'POST' } = plan
  const random = seeded(seed)
  const inARow = new Map<string, number>()
  let left: Fault[] = []
  const fault = (): Fault | undefined => {
    if (left.length === 0) left = [...kinds]
    return left.splice(Math.floor(random() * left.length), 1)[0]
  }
  return (asked) => {
    if (!canFail(asked)) return 'passed'
    const name = nameOf(asked)
    const before = inARow.get(name) ?? 0
    const fails = random() < share && before < inARowMax
    inARow.set(name, fails ? before + 1 : 0)
    return fails ? (fault() ?? 'passed') : 'passed'
  }
}

/** @returns the status that the sender was answered; undefined when it was answered nothing */
async function answer(
  target: string,
  asked: Asked,
  fate: Seen['fate'],
  { retryAfterSeconds = 1 }: Plan,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<number | undefined> {
  if (fate === 'too-many' || fate === 'unavailable') {
    const status = fate === 'too-many' ? 429 : 503
    // Origin and credentials: a browser shows a page nothing of an answer without, not even its status.
    const origin = asked.headers.origin
    outgoing.writeHead(status, {
      'retry-after': String(retryAfterSeconds),
      ...(origin !== undefined && {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'Retry-After',
      }),
    })
    outgoing.end()
    return status
  }
  if (fate === 'dropped-before') {
    incoming.socket.destroy()
    return undefined
  }
  const answered = await pass(target, asked)
  if (fate === 'dropped-after' || answered === undefined) {
    incoming.socket.destroy()
    return undefined
  }
  outgoing.writeHead(answered.status, answered.headers)
  outgoing.end(answered.body)
  return answered.status
}

interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Headers that belong to one connection; the rest goes on as it came. */
const ofConnection = new Set(['connection', 'keep-alive', 'transfer-encoding', 'expect'])

/** @returns undefined when the collector could not be reached, or went away meanwhile */
function pass(target: string, { method, url, headers, body }: Asked): Promise<Answered | undefined> {
  const given = Object.entries(headers).filter(([name]) => !ofConnection.has(name))
  return new Promise((resolve) => {
    const passing = request(
      target + url,
      { method, headers: { ...Object.fromEntries(given), 'content-length': body.length }, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', () => resolve(undefined))
        response.on('end', () => {
          const kept = Object.entries(response.headers).filter(([name]) => !ofConnection.has(name))
          resolve({
            status: response.statusCode ?? 502,
            headers: Object.fromEntries(kept),
            body: Buffer.concat(chunks),
          })
        })
      },
    )
    passing.on('error', () => resolve(undefined))
    passing.end(body)
  })
}
