/** `npm run crash -- --kills 200 --seed S [--mutation no-mark --expect-errors]`: the crash campaign, with its figures. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { runCampaign } from './campaign.ts'
import { type Mutation, mutations } from './mutation.ts'
import { summary } from './summary.ts'

interface Options {
  kills: number
  seed: number
  mutation?: Mutation
  expectErrors?: boolean
  keep?: boolean
}

const numberMax = 1_000_000_000

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > numberMax)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${numberMax}.`)
  return number
}

const command = new Command('crash')
  .description('Kills Headcount over and over under load, and looks whether every event is counted once.')
  .option('--kills <number>', 'how often the process is killed', wholeNumber, 200)
  .option('--seed <number>', 'for the same choices once more', wholeNumber, Date.now() % 1_000_000)
  .addOption(new Option('--mutation <name>', 'leave out a safeguard: the control').choices(mutations))
  .option('--expect-errors', 'succeed only if errors were found')
  .option('--keep', 'keep the data folder')
  .parse()
const options = command.opts<Options>()

const result = await runCampaign({ ...options, log: (line) => process.stdout.write(`${line}\n`) })
process.stdout.write(summary(result, options.mutation))
const asExpected = options.expectErrors ? result.lost + result.doubled > 0 : result.correct
process.exit(asExpected ? 0 : 1)
