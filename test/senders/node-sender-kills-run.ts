/** `npm run sender-kills -- --kills 200 --seed S [--mutation new-ids --expect-errors]`: the campaign, with its figures. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { openGround } from './node-sender-ground.ts'
import { type KillMutation, killMutations, runKills } from './node-sender-kills.ts'

const numberMax = 1_800

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > numberMax)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${numberMax}.`)
  return number
}

const options = new Command('sender-kills')
  .description('Kills a host of our sender over and over, and looks whether what it handed over is counted once.')
  .option('--kills <number>', 'how often the host is killed', wholeNumber, 200)
  .option('--seed <number>', 'for the same choices once more', Number, Date.now() % 1_000_000)
  .addOption(new Option('--mutation <name>', 'a mistake that must be found: the control').choices(killMutations))
  .option('--expect-errors', 'succeed only if errors were found')
  .parse()
  .opts<{ kills: number; seed: number; mutation?: KillMutation; expectErrors?: boolean }>()

const groups = Math.min(numberMax, options.kills * 8)
const ground = await openGround(groups)
const log = (line: string) => process.stdout.write(`${line}\n`)
const result = await runKills({ ...options, ground, groups, log }).finally(() => ground[Symbol.asyncDispose]())
const figures = {
  seed: options.seed,
  ...(options.mutation && { mutation: options.mutation }),
  kills: `${result.kills}${result.powerCuts ? `, each with what was not synced (of ${result.rolledBack} files)` : ''}`,
  groups: `${result.groups}, ${result.handed} of them handed over`,
  events: `${result.events} handed over, ${result.more} more were counted`,
  requests: `${result.requests}, ${result.droppedAfter} of them taken and not answered`,
  lost: result.lost,
  doubled: result.doubled,
  duration: `${result.seconds} s`,
}
for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(12)} ${value}\n`)
for (const warning of result.warnings) process.stdout.write(`  warned: ${warning}\n`)
for (const example of result.examples) process.stdout.write(`  ${example}\n`)
const hasErrors = result.lost + result.doubled + result.warnings.length > 0
process.exit(hasErrors === (options.expectErrors ?? false) ? 0 : 1)
