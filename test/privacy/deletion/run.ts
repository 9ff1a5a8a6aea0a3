/** `npm run deletions -- --kills 200 --seed 1`: kills around deletions, of workers and of their seal, with their figures. */
import { Command, InvalidArgumentError } from 'commander'
import { type CampaignResult, runDeletions } from './campaign.ts'
import { moments } from './moments.ts'

function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > 1_000_000_000)
    throw new InvalidArgumentError('It must be a whole number from 1 on.')
  return number
}

const options = new Command('deletions')
  .description('Kills workers and their seal around deletions, and looks whether anybody is counted who must not be.')
  .option('--kills <number>', 'how often a process is killed', wholeNumber, 200)
  .option('--seed <number>', 'for the same choices once more', wholeNumber, Date.now() % 1_000_000)
  .option('--blind', 'nobody looks again before storing and drawing: the control, which must fail')
  .parse()
  .opts<{ kills: number; seed: number; blind?: boolean }>()

const log = (line: string) => void process.stdout.write(`${line}\n`)
const { blind = false, ...wanted } = options
const result = await runDeletions({ ...wanted, isBlind: blind, log })
log(summary(result))
process.exit((result.mistakes.length === 0) === !blind ? 0 : 1)

function summary({ kills, lives, rounds, verdicts, mistakes, seconds, ...by }: CampaignResult): string {
  const total = (
    name:
      | ('records' | 'events' | 'choices' | 'released' | 'releasedEvents')
      | 'cutFromTables'
      | 'cutFromReleases'
      | 'undecided',
  ) => verdicts.reduce((sum, verdict) => sum + verdict[name], 0)
  const perMoment = (counts: Readonly<Record<string, number>>) =>
    ['starting', ...moments].flatMap((moment) => (counts[moment] ? [`${moment} ${counts[moment]}`] : [])).join(', ')
  const lines = {
    seed: wanted.seed,
    ...(blind && { control: 'nobody looks again' }),
    kills: `${kills} (last told of: ${perMoment(by.killsByMoment)})`,
    lives: `${lives} in ${rounds} rounds of a day`,
    choices: `${total('choices')} (acknowledged at: ${perMoment(by.choicesByMoment)})`,
    sent: `${total('events')} events in ${total('records')} records`,
    released: `${total('released')} devices, ${total('releasedEvents')} events in sums that are not withheld`,
    'left out': `${total('cutFromTables')} events of tables, ${total('cutFromReleases')} of releases`,
    either: `${total('undecided')} events whose insert was on its way when their choice was acknowledged`,
    mistakes: mistakes.length,
    duration: `${seconds.toFixed(0)} s`,
  }
  const table = Object.entries(lines).map(([name, value]) => `${name.padEnd(12)} ${value}\n`)
  return `\n${table.join('')}${mistakes
    .slice(0, 30)
    .map((mistake) => `  ${mistake}\n`)
    .join('')}`
}
