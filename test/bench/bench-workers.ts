/**
 * `npm run bench:workers`: how fast the lag falls on the same input, with one worker and with two. On a machine whose
 * cores the servers share, the second worker gets what they leave; so also with each worker held at a share of a core
 * that leaves the servers theirs, as on machines of their own, and with one when all have a single core.
 */
import { execFileSync } from 'node:child_process'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median } from './measured-process.ts'
import type { DrainedInput } from './shared-work.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '4000000' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
})
interface Setting {
  readonly name: string
  readonly workers: number
  readonly cores: number
  /** Of a core, for each worker. */
  readonly share?: number
}
const share = 0.4
const settings: readonly Setting[] = [
  { name: '1 worker, 1 core', workers: 1, cores: 1 },
  { name: '1 worker, 2 cores', workers: 1, cores: 2 },
  { name: '2 workers, 2 cores', workers: 2, cores: 2 },
  { name: '1 worker held at its share', workers: 1, cores: 2, share },
  { name: '2 workers held at their share', workers: 2, cores: 2, share },
]
const say = (line: string) => process.stdout.write(`${line}\n`)
say(
  `Headcount bench:workers, seed ${values.seed}, ${values.events} events, Node ${process.versions.node}, ${os.cpus().length} × ${os.cpus()[0]?.model.trim()}, ${new Date().toISOString().slice(0, 10)}\n`,
)
const rates = new Map<string, number[]>(settings.map(({ name }) => [name, []]))
for (let round = 0; round < Number(values.rounds); round++)
  for (const setting of settings) {
    const drained = drain(setting)
    rates.get(setting.name)?.push(drained.rate)
    say(textOf(setting, drained))
  }
const rateOf = (name: string) => median(rates.get(name) ?? [])
const two = rateOf('2 workers, 2 cores')
const held = rateOf('2 workers held at their share') / rateOf('1 worker held at its share')
say(`\nmedians of ${values.rounds}, the servers on the same cores:`)
say(`two workers / one, each with ${share} of a core    ${held.toFixed(2)}`)
say(`two workers on two cores / one on one core   ${(two / rateOf('1 worker, 1 core')).toFixed(2)}`)
say(`two workers on two cores / one on two cores  ${(two / rateOf('1 worker, 2 cores')).toFixed(2)}`)

/** taskset (util-linux) holds a process, and all that it starts, on some cores. */
function drain({ workers, cores, share }: Setting): DrainedInput {
  const file = fileURLToPath(new URL('drain.ts', import.meta.url))
  const given = ['--workers', String(workers), '--events', values.events, '--seed', values.seed]
  if (share !== undefined) given.push('--share', String(share))
  const command = ['-c', `0-${cores - 1}`, process.execPath, '--import', 'tsx', file, ...given]
  return JSON.parse(execFileSync('taskset', command, { encoding: 'utf8' })) as DrainedInput
}

function textOf({ name }: Setting, { lag, rate, cpu, bytesPerEvent }: DrainedInput): string {
  const shown = lag.filter((_, index) => index % Math.ceil(lag.length / 8) === 0)
  const millions = shown.map(([seconds, left]) => `${seconds.toFixed(1)} s ${(left / 1e6).toFixed(2)}`).join(', ')
  return `${name}: ${Math.round(rate / 1000)} thousand events/s; millions waiting: ${millions}
  CPU-seconds per million: workers ${cpu.workers.toFixed(2)}, Kafka ${cpu.Kafka.toFixed(2)}, Redis ${cpu.Redis.toFixed(2)}; ${Math.round(bytesPerEvent)} bytes an event in Kafka`
}
