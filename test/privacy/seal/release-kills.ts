/** `npm run release-kills -- --kills 1000 --seed 1 --engines both`: kills of seal and release, with their figures. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { type KillEngine, type KillResult, killEngines, runKills } from './kill-campaign.ts'
import { type SealMutation, sealMutations } from './loose-ledger.ts'
import { sealPhases } from './seal-phases.ts'

interface Options {
  kills: number
  seed: number
  engines: KillEngine | 'both'
  mutation?: SealMutation
}

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > 1_000_000_000)
    throw new InvalidArgumentError('It must be a whole number from 1 on.')
  return number
}

const options = new Command('release-kills')
  .description('Kills the sealing process over and over, and looks whether anything is spent, drawn or served twice.')
  .option('--kills <number>', 'how often it is killed, on each engine', wholeNumber, 1000)
  .option('--seed <number>', 'for the same choices once more', wholeNumber, Date.now() % 1_000_000)
  .addOption(new Option('--engines <name>', 'key-value store').choices([...killEngines, 'both']).default('both'))
  .addOption(new Option('--mutation <name>', 'a ledger that forgets: the control').choices(sealMutations))
  .parse()
  .opts<Options>()

const log = (line: string) => void process.stdout.write(`${line}\n`)
const { engines, mutation, ...wanted } = options
let isRight = true
for (const engine of engines === 'both' ? killEngines : [engines]) {
  const result = await runKills({ ...wanted, engine, mutation, log })
  log(summary(engine, result))
  isRight &&= (result.mistakesCount === 0) === (mutation === undefined)
}
process.exit(isRight ? 0 : 1)

function summary(engine: KillEngine, result: KillResult): string {
  const { kills, lives, rounds, days, audits, killsByPhase, mistakes, mistakesCount, seconds } = result
  const phases = ['starting', 'idle', ...sealPhases].map((phase) => `${phase} ${killsByPhase[phase] ?? 0}`)
  const lines = {
    'key-value store': engine,
    ...{ seed: wanted.seed, ...(mutation && { mutation }) },
    kills: `${kills} (in ${phases.join(', ')})`,
    published: `${days} days of two datasets in ${rounds} rounds, ${lives} lives, everything looked at ${audits} times`,
    mistakes: mistakesCount,
    duration: `${seconds.toFixed(0)} s`,
  }
  const table = Object.entries(lines).map(([name, value]) => `${name.padEnd(16)} ${value}\n`)
  return `\n${table.join('')}${mistakes.map((mistake) => `  ${mistake}\n`).join('')}`
}
