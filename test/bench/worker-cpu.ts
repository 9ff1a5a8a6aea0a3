/** Worker processor time per event, all steps, over ClickHouse's own single-thread parse-and-group of the same NDJSON. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import { BenchEvents } from './bench-events.ts'
import { median, startMeasured, withFolder } from './measured-process.ts'

const eventsPerRound = 400_000
const rounds = 5
const warmUpRounds = 2

export interface WorkerCost {
  workerMicros: number
  clickhouseMicros: number
  /** The same with exact distinct ids, which is the part of the worker's deduplication that ClickHouse can do. */
  clickhouseWithIdsMicros: number
  ratio: number
  ratioWithIds: number
}

/** Medians over rounds that are measured in turn, worker and yardstick. */
export async function measureWorker(seed: number): Promise<WorkerCost> {
  return withFolder(async (dir) => {
    const file = path.join(dir, 'events.ndjson')
    await writeEvents(file, seed)
    await using worker = await startMeasured('worker-process.ts', [path.join(dir, 'data'), String(seed)])
    await using clickhouse = await startMeasured('clickhouse-process.ts', [path.join(dir, 'yardstick'), file])
    const costs: { worker: number; plain: number; withIds: number }[] = []
    for (let round = 0; round < warmUpRounds + rounds; round++) {
      const stored = await worker.ask<{ seconds: number }>({ events: eventsPerRound })
      const plain = await clickhouse.ask<{ seconds: number }>({})
      const withIds = await clickhouse.ask<{ seconds: number }>({ deduplicated: true })
      if (round >= warmUpRounds) costs.push({ worker: stored.seconds, plain: plain.seconds, withIds: withIds.seconds })
    }
    const micros = (pick: (cost: (typeof costs)[number]) => number) => (median(costs.map(pick)) / eventsPerRound) * 1e6
    return {
      workerMicros: micros((cost) => cost.worker),
      clickhouseMicros: micros((cost) => cost.plain),
      clickhouseWithIdsMicros: micros((cost) => cost.withIds),
      ratio: median(costs.map((cost) => cost.worker / cost.plain)),
      ratioWithIds: median(costs.map((cost) => cost.worker / cost.withIds)),
    }
  })
}

async function writeEvents(file: string, seed: number): Promise<void> {
  const events = new BenchEvents(seed, 5000)
  const out = createWriteStream(file)
  const now = Date.now()
  for (let written = 0; written < eventsPerRound; written += 1000) {
    const lines = Array.from({ length: 10 }, () => events.batch(100, now)).flat()
    if (!out.write(`${lines.map((event) => JSON.stringify(event)).join('\n')}\n`)) await once(out, 'drain')
  }
  out.end()
  await finished(out)
}
