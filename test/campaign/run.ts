/** `npm run campaign -- --minutes 20 --seed S [--brokers 3]`: the campaign on real servers, with its figures. */
import { parseArgs } from 'node:util'
import { runCampaign } from './campaign.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    brokers: { type: 'string', default: '3' },
    keep: { type: 'boolean', default: false },
  },
})
const say = (line: string) => process.stdout.write(`${line}\n`)
const result = await runCampaign({
  seed: Number(values.seed),
  minutes: Number(values.minutes),
  brokers: values.brokers === '1' ? 1 : 3,
  keep: values.keep,
  log: say,
})
say(
  `\nCampaign of ${result.seconds.toFixed(0)} s on Kafka (${values.brokers} brokers), Redis and the ClickHouse bridge, seed ${result.seed}`,
)
for (const [fault, times] of [...result.faults].sort()) say(`  ${fault.padEnd(34)} ${String(times).padStart(5)}`)
say(`  batches sent, acknowledged         ${result.batches}, ${result.acknowledged}`)
say(`  events acknowledged                ${result.events}`)
say(`  retries, repeats                   ${result.retries}, ${result.repeats}`)
say(`  processes that ended by themselves ${result.unplannedEnds} (and were started again)`)
say(`  events lost                        ${result.lost}`)
say(`  events doubled                     ${result.doubled}`)
say(`  cells with other devices or sums   ${result.wrongCells}`)
for (const example of result.examples) say(`    ${example}`)
process.exit(result.correct ? 0 : 1)
