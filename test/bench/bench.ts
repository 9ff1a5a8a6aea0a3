/** `npm run bench [-- --seed N] [--only collector,worker,freshness,growth,memory]`: each figure as a ratio in the same run. */
import os from 'node:os'
import { parseArgs } from 'node:util'
import { measureCollector } from './collector-cpu.ts'
import { measureFreshness } from './freshness.ts'
import { measureMemory, measureTableGrowth } from './growth.ts'
import { measureWorker } from './worker-cpu.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: 'collector,worker,freshness,growth,memory' },
  },
})
const seed = Number(values.seed)
const wanted = new Set(values.only.split(','))
const say = (line: string) => process.stdout.write(`${line}\n`)
const progress = (line: string) => process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`)
const row = (what: string, figure: string, ratio: string, target: string) =>
  say(`${what.padEnd(46)} ${figure.padEnd(34)} ${ratio.padEnd(8)} ${target}`)
const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`

say(
  `Headcount bench, seed ${seed}, Node ${process.versions.node}, ${os.cpus().length} × ${os.cpus()[0]?.model.trim()}, ${new Date().toISOString().slice(0, 10)}\n`,
)
row('what', 'figure', 'ratio', 'target')
if (wanted.has('collector')) {
  progress('collector')
  for (const how of [
    { eventsPerBatch: 100, connections: 64, target: '≤ 2.5' },
    { eventsPerBatch: 100, connections: 16, target: '' },
    { eventsPerBatch: 1000, connections: 16, target: '≤ 2.5' },
    { eventsPerBatch: 100, connections: 64, mixed: true, target: '' },
  ]) {
    const { collectorMicros, parseMicros, ratio } = await measureCollector(seed, how)
    row(
      how.mixed
        ? '  the same, each batch of 100 devices'
        : `collector CPU / JSON.parse, ${how.connections} × batches of ${how.eventsPerBatch}`,
      `${collectorMicros.toFixed(2)} / ${parseMicros.toFixed(2)} µs an event`,
      ratio.toFixed(2),
      how.target,
    )
  }
}
if (wanted.has('worker')) {
  progress('worker')
  const { workerMicros, clickhouseMicros, clickhouseWithIdsMicros, ratio, ratioWithIds } = await measureWorker(seed)
  row(
    'worker CPU / ClickHouse parse and group',
    `${workerMicros.toFixed(2)} / ${clickhouseMicros.toFixed(2)} µs an event`,
    ratio.toFixed(2),
    '≤ 3',
  )
  row(
    '  the same, ClickHouse counting ids too',
    `${workerMicros.toFixed(2)} / ${clickhouseWithIdsMicros.toFixed(2)} µs an event`,
    ratioWithIds.toFixed(2),
    '',
  )
}
if (wanted.has('freshness')) {
  progress('freshness')
  const { sustainedRate, p50Ms, p95Ms } = await measureFreshness(seed)
  row(
    `accepted to visible, at ${Math.round(sustainedRate / 2)} events/s (half)`,
    `p50 ${p50Ms.toFixed(0)} ms, p95 ${p95Ms.toFixed(0)} ms`,
    '',
    'p95 ≤ 2000 ms',
  )
}
if (wanted.has('growth')) {
  progress('growth')
  const { once, tenfold, ratio } = await measureTableGrowth(seed, 200_000)
  row('table bytes, 2,000,000 / 200,000 events', `${kib(tenfold)} / ${kib(once)}`, ratio.toFixed(3), '≤ 1.1')
}
if (wanted.has('memory')) {
  const resident = await measureMemory(seed, [1e6, 5e6, 10e6], (events) =>
    progress(`memory: ${events / 1e6} million events`),
  )
  row(
    'worker resident at 1, 5, 10 million events',
    resident.map(mib).join(', '),
    ((resident[2] ?? 0) / (resident[0] ?? 1)).toFixed(2),
    'flat',
  )
}
say('')
process.exit(0)
