/** `npm run outage -- --seconds 120 [--scenario clickhouse|kafka|spool-full]`: a server is away for so long. */
import { parseArgs } from 'node:util'
import { runOutage, type Scenario, scenarios } from './outage.ts'
import { failuresOf, outageText } from './verdict.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    scenario: { type: 'string', default: scenarios.join(',') },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const say = (line: string) => process.stdout.write(`${line}\n`)
let isRight = true
for (const name of values.scenario.split(',')) {
  const scenario = scenarios.find((one) => one === name)
  if (!scenario) throw new Error(`--scenario ${name}: it must be one of ${scenarios.join(', ')}`)
  await one(scenario)
}
process.exit(isRight ? 0 : 1)

async function one(scenario: Scenario): Promise<void> {
  const seed = Number(values.seed)
  const result = await runOutage({ scenario, seed, awaySeconds: Number(values.seconds), log: say })
  const failures = failuresOf(scenario, result)
  say(
    `\n${outageText(scenario, result)}\n  seed ${seed}: ${failures.length === 0 ? 'as it should be' : failures.join('; ')}`,
  )
  for (const example of result.examples) say(`    ${example}`)
  isRight &&= failures.length === 0
}
