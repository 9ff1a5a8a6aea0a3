/** `npm run power-cut -- --rounds 50 --seed S [--engines servers]`: power cuts, with their figures. */
import { parseArgs } from 'node:util'
import { cutPower } from './power-cuts.ts'
import { cutPowerOfServers } from './servers.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    forgets: { type: 'string', default: '' },
    engines: { type: 'string', default: 'embedded' },
  },
})
const say = (line: string) => process.stdout.write(`${line}\n`)
const { seed, rounds, forgets } = values
const cut = values.engines === 'servers' ? cutPowerOfServers : cutPower
const result = await cut({ seed: Number(seed), rounds: Number(rounds), forgets, log: say })
say(`\n${result.cuts} power cuts, seed ${seed}`)
say(`  files rolled back, bytes gone      ${result.rolledBack.files}, ${result.rolledBack.bytes}`)
say(`  batches, events acknowledged       ${result.batches}, ${result.events}`)
say(`  events lost, doubled               ${result.lost}, ${result.doubled}`)
say(`  cells with other devices or sums   ${result.wrongCells}`)
for (const example of result.examples) say(`    ${example}`)
process.exit(result.lost + result.doubled + result.wrongCells + result.strangeCells === 0 ? 0 : 1)
