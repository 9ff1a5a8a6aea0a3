/**
 * `npm run fuzz -- --inputs 1000000 --seed 1`: so many mutated requests of each dialect; none may crash, hang or be answered
 * 5xx. As many dialects at once as the machine has cores.
 */
import os from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type CampaignResult, runCampaign } from './campaign.ts'
import { fuzzedDialects, inputOf } from './input.ts'

const inputsMax = 100_000_000
const tellEveryMs = 10_000

function wholeNumber(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0 && number <= inputsMax) return number
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${inputsMax}.`)
}

const options = new Command('fuzz')
  .description('Sends mutated requests of every dialect to its reader, and a share of them to a collector over HTTP.')
  .option('--inputs <number>', 'how many of each dialect', wholeNumber, 100_000)
  .addOption(new Option('--dialect <name>', 'this one alone').choices(fuzzedDialects))
  .option('--seed <number>', 'of the campaign', wholeNumber, 1)
  .option('--from <index>', 'the first of them: with --inputs 1 the one that failed', wholeNumber, 0)
  .option('--http-every <number>', 'every so many-th over HTTP as well; 0: none', wholeNumber, 100)
  .option('--show', 'print the first input')
  .parse()
  .opts<{ inputs: number; dialect?: string; seed: number; from: number; httpEvery: number; show?: boolean }>()

const print = (line: string) => process.stdout.write(`${line}\n`)
const { inputs, seed, from, httpEvery } = options
const dialects = options.dialect === undefined ? fuzzedDialects : [options.dialect]
if (options.show) {
  const { method, url, headers, body } = inputOf(seed, from, dialects[0])
  print(`${method} ${url}\n${JSON.stringify(headers)}\n${body.toString('latin1')}`)
}

const results = new Map<string, CampaignResult>()
const began = performance.now()
let told = began
const sum = (of: (result: CampaignResult) => number) => [...results.values()].reduce((all, one) => all + of(one), 0)

function progress(): void {
  if (performance.now() - told < tellEveryMs) return
  told = performance.now()
  const tried = sum((one) => one.tried)
  const share = ((100 * tried) / (inputs * dialects.length)).toFixed(1)
  const rate = Math.round((tried / (told - began)) * 1000)
  print(`${tried} inputs, ${share} %, ${sum(({ failures }) => failures.length)} failures, ${rate} a second`)
}

const waiting = [...dialects]
async function fuzzOneAfterTheOther(): Promise<void> {
  for (let dialect = waiting.shift(); dialect !== undefined; dialect = waiting.shift()) {
    const name = dialect
    const onProgress = (result: CampaignResult) => {
      results.set(name, result)
      progress()
    }
    results.set(name, await runCampaign({ seed, dialect, inputs, from, httpEvery, onProgress }))
  }
}
await Promise.all(Array.from({ length: Math.min(os.availableParallelism(), dialects.length) }, fuzzOneAfterTheOther))

for (const [dialect, { tried, outcomes, failures }] of results) {
  const ends = [...outcomes].sort().map(([name, count]) => `${count}${name.slice(dialect.length)}`)
  print(`${dialect.padEnd(12)} ${String(tried).padStart(9)} inputs: ${ends.join(', ')}`)
  for (const { index, what } of failures)
    print(
      `FAILED ${dialect}: ${what}\n  again: npm run fuzz -- --dialect ${dialect} --seed ${seed} --from ${index} --inputs 1 --http-every 1 --show`,
    )
}
const seconds = ((performance.now() - began) / 1000).toFixed(1)
const failed = sum(({ failures }) => failures.length)
const tried = sum((one) => one.tried)
print(`${tried} inputs, ${sum(({ overHttp }) => overHttp)} of them over HTTP too, in ${seconds} s: ${failed} failures`)
process.exitCode = failed === 0 && tried === inputs * dialects.length ? 0 : 1
