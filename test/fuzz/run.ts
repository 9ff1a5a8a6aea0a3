/** `npm run fuzz -- --inputs 1000000 --seed 1`: mutated requests of every dialect; none may crash, hang or be answered 5xx. */
import { Command, InvalidArgumentError } from 'commander'
import { type CampaignResult, runCampaign } from './campaign.ts'
import { inputOf } from './input.ts'

const inputsMax = 100_000_000
const tellEveryMs = 10_000

function wholeNumber(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0 && number <= inputsMax) return number
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${inputsMax}.`)
}

const options = new Command('fuzz')
  .description('Sends mutated requests of every dialect to its reader, and a share of them to a collector over HTTP.')
  .option('--inputs <number>', 'how many', wholeNumber, 100_000)
  .option('--seed <number>', 'of the campaign', wholeNumber, 1)
  .option('--from <index>', 'the first of them: with --inputs 1 the one that failed', wholeNumber, 0)
  .option('--http-every <number>', 'every so many-th over HTTP as well; 0: none', wholeNumber, 100)
  .option('--show', 'print the first input')
  .parse()
  .opts<{ inputs: number; seed: number; from: number; httpEvery: number; show?: boolean }>()

const print = (line: string) => process.stdout.write(`${line}\n`)
const { inputs, seed, from, httpEvery } = options
if (options.show) {
  const { method, url, headers, body } = inputOf(seed, from)
  print(`${method} ${url}\n${JSON.stringify(headers)}\n${body.toString('latin1')}`)
}

const began = performance.now()
let told = began
function progress({ tried, overHttp, failures }: CampaignResult): void {
  if (performance.now() - told < tellEveryMs) return
  told = performance.now()
  const rate = Math.round((tried / (told - began)) * 1000)
  print(`${tried} of ${inputs} inputs, ${overHttp} over HTTP too, ${failures.length} failures, ${rate} a second`)
}

const result = await runCampaign({ seed, inputs, from, httpEvery, onProgress: progress })
const seconds = ((performance.now() - began) / 1000).toFixed(1)
for (const [name, count] of [...result.outcomes].sort()) print(`${String(count).padStart(9)} ${name}`)
for (const { index, dialect, what } of result.failures)
  print(
    `FAILED ${dialect}: ${what}\n  again: npm run fuzz -- --seed ${seed} --from ${index} --inputs 1 --http-every 1 --show`,
  )
print(
  `${result.tried} inputs, ${result.overHttp} of them over HTTP too, in ${seconds} s: ${result.failures.length} failures`,
)
process.exitCode = result.failures.length === 0 && result.tried === inputs ? 0 : 1
