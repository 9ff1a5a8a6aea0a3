/** `npm run bench:workers`: how fast the lag falls with one worker and with two, on the same input. */
import os from 'node:os'
import { parseArgs } from 'node:util'
import { median } from './measured-process.ts'
import { type DrainedInput, drainWith } from './shared-work.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '4000000' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
})
const say = (line: string) => process.stdout.write(`${line}\n`)
say(
  `Headcount bench:workers, seed ${values.seed}, ${values.events} events, Node ${process.versions.node}, ${os.cpus().length} × ${os.cpus()[0]?.model.trim()}, ${new Date().toISOString().slice(0, 10)}\n`,
)
const runs = new Map<number, DrainedInput[]>([
  [1, []],
  [2, []],
])
for (let round = 0; round < Number(values.rounds); round++)
  for (const [workers, drained] of runs) {
    const one = await drainWith(workers, Number(values.events), Number(values.seed))
    drained.push(one)
    const shown = one.lag.filter((_, index) => index % Math.ceil(one.lag.length / 8) === 0)
    const millions = shown.map(([seconds, left]) => `${seconds.toFixed(1)} s ${(left / 1e6).toFixed(2)}`).join(', ')
    say(
      `${workers} ${workers === 1 ? 'worker: ' : 'workers:'} ${Math.round(one.rate / 1000)} thousand events/s; millions waiting: ${millions}`,
    )
    const { cpu } = one
    say(
      `           CPU-seconds per million: workers ${cpu.workers.toFixed(2)}, Kafka ${cpu.Kafka.toFixed(2)}, Redis ${cpu.Redis.toFixed(2)}; ${Math.round(one.bytesPerEvent)} bytes an event in Kafka`,
    )
  }
const rateOf = (workers: number) => median((runs.get(workers) ?? []).map(({ rate }) => rate))
say(`\ntwo workers / one, median of ${values.rounds}: ${(rateOf(2) / rateOf(1)).toFixed(2)}`)
process.exit(0)
