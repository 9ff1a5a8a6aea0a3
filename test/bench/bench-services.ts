/** `npm run bench:services -- --peer PROGRAM`: the collector beside an OpenTelemetry Collector, and the worker's ratio. */
import os from 'node:os'
import { parseArgs } from 'node:util'
import { measureBesidePeer, sides } from './collector-beside-peer.ts'
import { median } from './measured-process.ts'
import { measureWorker } from './worker-cpu.ts'

const { values } = parseArgs({
  options: {
    peer: { type: 'string', default: process.env.OTEL_COLLECTOR ?? '' },
    connections: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
  },
})
const say = (line: string) => process.stdout.write(`${line}\n`)
if (values.peer === '') {
  say(
    '--peer is missing: the path of an OpenTelemetry Collector; test/bench/peer/README.md has the commands that build it',
  )
  process.exit(2)
}
say(
  `Headcount bench:services, seed ${values.seed}, Node ${process.versions.node}, ${os.cpus().length} × ${os.cpus()[0]?.model.trim()}, ${new Date().toISOString().slice(0, 10)}\n`,
)
const connections = Number(values.connections)
const costs = await measureBesidePeer(Number(values.seed), values.peer, connections, (round) =>
  process.stderr.write(round < 0 ? 'warming up\n' : `round ${round + 1}\n`),
)
say(`CPU-seconds per million events, batches of 100 over ${connections} connections, one Kafka, acks of all replicas`)
for (const side of sides) {
  const seconds = costs.seconds.get(side) ?? []
  const range = `${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}`
  say(`  ${side.padEnd(28)} ${median(seconds).toFixed(2).padStart(6)}   (${range})`)
}
say(`  Headcount / OpenTelemetry, JSON      ${costs.ratioJson.toFixed(2)}   target ≤ 0.5`)
say(`  Headcount / OpenTelemetry, protobuf  ${costs.ratioProtobuf.toFixed(2)}\n`)
const { workerMicros, clickhouseMicros, ratio } = await measureWorker(Number(values.seed))
say('CPU-seconds per million events of the worker, all steps, and of ClickHouse parsing and grouping the same')
say(`  ${workerMicros.toFixed(2)} / ${clickhouseMicros.toFixed(2)}: ${ratio.toFixed(2)}   target ≤ 3`)
process.exit(0)
