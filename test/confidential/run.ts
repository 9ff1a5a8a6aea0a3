/**
 * `npm run detector [-- --runs 1000000 --seed 1 --examples]`: the detector's misses and false alarms, on generated strings and on
 * the lists of test/confidential/lists.
 */
import { parseArgs } from 'node:util'
import { runCampaign, runLists, tableOf } from './campaign.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    examples: { type: 'boolean', default: false },
  },
})
const [runs, seed] = [Number(values.runs), Number(values.seed)]
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) {
  process.stderr.write('--runs and --seed are whole numbers.\n')
  process.exit(2)
}
const started = performance.now()
const generated = runCampaign(runs, seed, (done) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${done} of ${runs}`)
})
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
const listed = runLists()
process.stdout.write(
  `${runs} generated strings, seed ${seed}, ${((performance.now() - started) / 1000).toFixed(0)} s\n\n`,
)
process.stdout.write(`${tableOf(generated)}\n\nThe lists\n\n${tableOf(listed)}\n`)
if (values.examples)
  for (const { expected, examples } of [...generated, ...listed])
    for (const example of examples) process.stdout.write(`${expected}: ${JSON.stringify(example)}\n`)
