/**
 * The hostile campaign: many hostile requests at a collector, with good events in between. Nothing may make it answer
 * 5xx (but 503), hang, or lose or double a good event.
 *
 * As a script it starts its own collector in a child process and also looks at that process's memory:
 * `tsx test/flow/hostile.ts --requests 10000 --seed 1`
 */
import { fork } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type HostileRequest, HostileRequests } from './hostile-requests.ts'

const hangMs = 20_000
const concurrency = 8
const goodEvery = 5

export interface HostileOptions {
  url: string
  writeKey: string
  /** Hostile requests to send; good ones come on top. */
  requests: number
  seed: number
}

export interface HostileResult {
  /** Answers to hostile requests by status; `closed` where the connection ended without one. */
  statuses: Map<number | 'closed', number>
  /** Hostile requests that were answered with a 5xx other than 503. */
  badStatuses: { kind: string; status: number }[]
  /** Kinds of requests after which neither an answer nor the end of the connection came. */
  hangs: string[]
  /** Ids of the good events, in order; all have the device `good` and the feature `jobs`. */
  goodSent: string[]
  /** How many of them were answered as accepted. */
  goodAccepted: number
}

export async function runHostile({ url, writeKey, requests, seed }: HostileOptions): Promise<HostileResult> {
  const hostile = new HostileRequests(seed, writeKey)
  const { hostname, port } = new URL(url)
  const result: HostileResult = { statuses: new Map(), badStatuses: [], hangs: [], goodSent: [], goodAccepted: 0 }
  let sent = 0
  const sender = async (): Promise<void> => {
    while (sent < requests) {
      if (sent++ % goodEvery === 0) await sendGood(url, writeKey, seed, result)
      const request = hostile.next()
      const status = await answerTo(request, hostname, Number(port))
      if (status === 'hang') result.hangs.push(request.kind)
      else {
        result.statuses.set(status, (result.statuses.get(status) ?? 0) + 1)
        if (status !== 'closed' && status >= 500 && status !== 503)
          result.badStatuses.push({ kind: request.kind, status })
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, sender))
  return result
}

async function sendGood(url: string, writeKey: string, seed: number, result: HostileResult): Promise<void> {
  const id = `good-${seed}-${result.goodSent.length}`
  result.goodSent.push(id)
  const event = { id, time: new Date().toISOString(), feature: 'jobs', device: 'good' }
  const answer = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${writeKey}` },
    body: JSON.stringify({ events: [event] }),
  })
  if (answer.ok) result.goodAccepted += ((await answer.json()) as { accepted: number }).accepted
  else await answer.arrayBuffer()
}

/** The status of the first answer, `closed` when the connection ended without one, `hang` when neither came. */
function answerTo(request: HostileRequest, host: string, port: number): Promise<number | 'closed' | 'hang'> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true })
    let text = ''
    const finish = (outcome: number | 'closed' | 'hang'): void => {
      clearTimeout(timer)
      resolve(outcome)
      socket.destroy()
    }
    const timer = setTimeout(() => finish('hang'), hangMs)
    const status = (): number | undefined => {
      const match = /^HTTP\/1\.1 (\d{3}) /.exec(text)
      return match ? Number(match[1]) : undefined
    }
    socket.on('data', (chunk) => {
      text = `${text}${chunk.toString('latin1')}`.replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, '')
      const found = status()
      if (found !== undefined) finish(found)
    })
    socket.on('error', () => finish(status() ?? 'closed'))
    socket.on('close', () => finish(status() ?? 'closed'))
    socket.on('end', () => finish(status() ?? 'closed'))
    void writePieces(request, socket)
  })
}

async function writePieces(request: HostileRequest, socket: ReturnType<typeof connect>): Promise<void> {
  for (const piece of request.pieces) {
    if (socket.destroyed) return
    socket.write(piece)
    if (request.pauseMs > 0) await sleep(request.pauseMs)
  }
  if (request.end) socket.end()
}

/** What the child process (hostile-collector.ts) tells about itself. */
interface Report {
  rssBytes: number
  /** Ids of the good events in its log. */
  good: string[]
}

async function campaign(requests: number, seed: number): Promise<boolean> {
  const child = fork(fileURLToPath(new URL('./hostile-collector.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx', '--expose-gc'],
  })
  const told = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      child.once('message', (message) => resolve(message as T))
      child.once('exit', (code) => reject(new Error(`the collector ended with ${code}`)))
    })
  const report = (): Promise<Report> => {
    const answer = told<Report>()
    child.send('report')
    return answer
  }
  const { url, writeKey } = await told<{ url: string; writeKey: string }>()
  // Code that has never run is not loaded: memory is compared after every kind has been there.
  const warmUp = await runHostile({ url, writeKey, requests: 1000, seed: seed + 1 })
  const before = await report()
  const result = await runHostile({ url, writeKey, requests, seed })
  const after = await report()
  child.kill()
  const expected = [...warmUp.goodSent, ...result.goodSent]
  const exact = after.good.length === expected.length && new Set(after.good).size === expected.length
  const grownMib = (after.rssBytes - before.rssBytes) / 1024 / 1024
  console.log('answers', Object.fromEntries(result.statuses), 'bad', result.badStatuses, 'hangs', result.hangs)
  console.log(
    `good events: ${result.goodSent.length} sent, ${result.goodAccepted} accepted, in the log exactly: ${exact}`,
  )
  console.log(
    `rss: ${(before.rssBytes / 2 ** 20).toFixed(0)} MiB before, ${(after.rssBytes / 2 ** 20).toFixed(0)} MiB after`,
  )
  const passed = result.badStatuses.length === 0 && result.hangs.length === 0 && exact && grownMib < 100
  console.log(passed ? 'PASSED' : 'FAILED')
  return passed
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { requests: { type: 'string' }, seed: { type: 'string' } } })
  process.exitCode = (await campaign(Number(values.requests ?? 10_000), Number(values.seed ?? 1))) ? 0 : 1
}
