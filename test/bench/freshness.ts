/** Time from the collector's 200 to the event's count in the analyst API, at half of the highest rate that is kept up. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { credentialsOf, type RunningHeadcount, startProcess, usage } from '../fixtures/headcount-process.ts'
import { BenchEvents } from './bench-events.ts'
import { withFolder } from './measured-process.ts'

const batch = 100
const connections = 8
const saturateMs = 8000
const probes = 40

export interface Freshness {
  /** Events a second that were accepted and stored when as much was sent as was taken. */
  sustainedRate: number
  p50Ms: number
  p95Ms: number
}

export async function measureFreshness(seed: number): Promise<Freshness> {
  return withFolder(async (dir) => {
    const running = await startProcess(dir, { HEADCOUNT_K: '1' })
    const { writeKey } = await credentialsOf(dir)
    const agent = new Agent({ keepAlive: true, maxSockets: connections + 2 })
    const events = new BenchEvents(seed, 5000)
    const send = (list: object[]) =>
      post(`${running.collectorUrl}/v1/events`, agent, writeKey, JSON.stringify({ events: list }))
    try {
      const sustainedRate = await saturate(running, dir, () => send(events.batch(batch, Date.now())))
      const half = new AbortController()
      const load = atRate(sustainedRate / 2, () => send(events.batch(batch, Date.now())), half.signal)
      const delays: number[] = []
      for (let probe = 0; probe < probes; probe++) {
        await sleep(200)
        delays.push(await delayOf(running, dir, probe, send))
      }
      half.abort()
      await load
      delays.sort((a, b) => a - b)
      return {
        sustainedRate,
        p50Ms: delays[Math.floor(probes / 2)] ?? 0,
        p95Ms: delays[Math.floor(probes * 0.95)] ?? 0,
      }
    } finally {
      agent.destroy()
      await running.stop()
    }
  })
}

/** Sends as fast as it is answered, waits until all of it is stored; events a second over the whole time. */
async function saturate(running: RunningHeadcount, dir: string, send: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  let sent = 0
  const sender = async () => {
    while (performance.now() - startedAt < saturateMs) {
      await send()
      sent += batch
    }
  }
  await Promise.all(Array.from({ length: connections }, sender))
  while ((await countOf(running, dir, '')) < sent) await sleep(50)
  return sent / ((performance.now() - startedAt) / 1000)
}

async function atRate(eventsPerSecond: number, send: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  let sent = 0
  const running = new Set<Promise<void>>()
  while (!signal.aborted) {
    const due = ((performance.now() - startedAt) / 1000) * eventsPerSecond
    for (; sent < due && running.size < connections; sent += batch) {
      const one = send().finally(() => running.delete(one))
      running.add(one)
    }
    await sleep(2)
  }
  await Promise.all(running)
}

/** One event of the rarest feature, from its acknowledgement to its count. */
async function delayOf(
  running: RunningHeadcount,
  dir: string,
  probe: number,
  send: (list: object[]) => Promise<void>,
): Promise<number> {
  await send([{ id: `probe-${probe}`, time: new Date().toISOString(), feature: 'secrets', device: `probe-${probe}` }])
  const acceptedAt = performance.now()
  while ((await countOf(running, dir, '&where=feature:secrets')) <= probe) await sleep(10)
  return performance.now() - acceptedAt
}

async function countOf(running: RunningHeadcount, dir: string, where: string): Promise<number> {
  const { rows, columns } = await usage(
    running,
    dir,
    `dataset=feature_usage&metrics=events&grain=month&from=${new Date().toISOString().slice(0, 8)}01${where}`,
  )
  return rows.reduce((sum, row) => sum + Number(row[columns.indexOf('events')]), 0)
}

function post(url: string, agent: Agent, writeKey: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        agent,
        headers: { authorization: `Bearer ${writeKey}`, 'content-length': Buffer.byteLength(body) },
      },
      (answer) => {
        answer.resume()
        answer.on('end', () =>
          answer.statusCode === 200 ? resolve() : reject(new Error(`the collector answered ${answer.statusCode}`)),
        )
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}
