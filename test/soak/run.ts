/** `npm run soak -- --minutes 30 --seed S`: a fleet at a steady rate, and whether memory, handles and lag are flat. */
import { parseArgs } from 'node:util'
import { soak } from './soak.ts'
import { failuresOf, soakText } from './verdict.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'batches-per-second': { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const say = (line: string) => process.stdout.write(`${line}\n`)
const result = await soak({
  seed: Number(values.seed),
  minutes: Number(values.minutes),
  batchesPerSecond: Number(values['batches-per-second']),
  idleSeconds: 30,
  sampleSeconds: 10,
  log: say,
})
const failures = failuresOf(result)
say(`\n${soakText(result)}\nseed ${values.seed}: ${failures.length === 0 ? 'flat' : failures.join('; ')}`)
for (const example of result.examples) say(`  ${example}`)
process.exit(failures.length === 0 ? 0 : 1)
