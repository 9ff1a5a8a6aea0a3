/** Collector processor time per event, HTTP, checks and durable append included, over JSON.parse of the same bodies. */
import { Agent } from 'node:http'
import { BenchEvents } from './bench-events.ts'
import { median, startMeasured, withFolder } from './measured-process.ts'
import { sendAll } from './send-all.ts'

/** Of 100 events; fewer of larger ones. */
const bodiesPerRound = 1500
const rounds = 5
/** Requests before anything is measured: a server runs for weeks, the compiler's first seconds are not its cost. */
const warmUpRequests = 12_000

export interface CollectorCost {
  eventsPerBatch: number
  collectorMicros: number
  parseMicros: number
  ratio: number
}

/**
 * Medians over rounds that are measured in turn: a round of requests, then a round of parsing.
 * @param connections that send at the same time: the more, the more requests share one sync
 * @param mixed whether the events of a batch are of many devices, each with values of its own
 */
export async function measureCollector(
  seed: number,
  { eventsPerBatch, connections, mixed = false }: { eventsPerBatch: number; connections: number; mixed?: boolean },
): Promise<CollectorCost> {
  return withFolder(async (dir) => {
    await using collector = await startMeasured('collector-process.ts', [dir])
    const { url } = collector.hello as { url: string }
    const events = new BenchEvents(seed, 5000)
    const body = () => JSON.stringify({ events: events[mixed ? 'mixedBatch' : 'batch'](eventsPerBatch, Date.now()) })
    const agent = new Agent({ keepAlive: true, maxSockets: connections })
    const costs: { collector: number; parse: number }[] = []
    const warmUp = Array.from({ length: 300 }, body)
    for (let sent = 0; sent < warmUpRequests * (100 / eventsPerBatch); sent += warmUp.length)
      await sendAll(target(url), agent, warmUp, connections)
    for (let round = 0; round < rounds; round++) {
      const bodies = Array.from({ length: Math.ceil(bodiesPerRound * (100 / eventsPerBatch)) }, body)
      const before = await collector.ask<{ seconds: number }>({})
      await sendAll(target(url), agent, bodies, connections)
      const after = await collector.ask<{ seconds: number }>({})
      const parsed = await collector.ask<{ seconds: number; events: number }>({ parse: bodies.slice(0, 100) })
      costs.push({
        collector: (after.seconds - before.seconds) / (bodies.length * eventsPerBatch),
        parse: parsed.seconds / parsed.events,
      })
    }
    agent.destroy()
    const ratio = median(costs.map((cost) => cost.collector / cost.parse))
    return {
      eventsPerBatch,
      collectorMicros: median(costs.map((cost) => cost.collector)) * 1e6,
      parseMicros: median(costs.map((cost) => cost.parse)) * 1e6,
      ratio,
    }
  })
}

function target(url: string) {
  return { url: `${url}/v1/events`, headers: { authorization: 'Bearer bench-write-key-0001' } }
}
