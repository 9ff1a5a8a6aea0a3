/**
 * `npm run attack [-- --only id,id --scale 0.01 --seed 1]`: every attack with all its trials, and their table. Without a
 * seed the noise is production's. Exits with 1 when an attack succeeds, or its control does not.
 */
import { parseArgs } from 'node:util'
import { cryptoRandom } from '../../../services/release/random-source.ts'
import { seededRandom } from '../../services/release/seeded-random.ts'
import type { Attack, AttackResult } from './attack-types.ts'
import { attacks } from './registry.ts'
import { tableOf } from './table.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    scale: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
})
const scale = Number(values.scale)
const only = values.only.split(',').filter((id) => id !== '')
const unknown = only.filter((id) => !attacks.some((attack) => attack.id === id))
if (unknown.length > 0 || !(scale > 0)) {
  process.stderr.write(`Attacks are ${attacks.map(({ id }) => id).join(', ')}; a scale is above 0.\n`)
  process.exit(2)
}

const chosen = attacks.filter(({ id }) => only.length === 0 || only.includes(id))
const done: { attack: Attack; result: AttackResult }[] = []
for (const [index, attack] of chosen.entries()) {
  // Fewer than those of the short form show nothing.
  const trials = Math.max(attack.trialsShort, Math.round(attack.trials * scale))
  const started = performance.now()
  const random = values.seed === undefined ? cryptoRandom : seededRandom(`${values.seed} ${attack.id}`)
  let shown = 0
  const onProgress = (trial: number) => {
    if (!process.stderr.isTTY || performance.now() - shown < 200) return
    shown = performance.now()
    process.stderr.write(`\r\x1b[K${index + 1}/${chosen.length} ${attack.id} ${((100 * trial) / trials).toFixed(0)} %`)
  }
  const result = await attack.run({ trials, random, onProgress })
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  done.push({ attack, result })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(`${attack.id}: ${result.figure} (${result.bound}), control ${result.controlFigure}: `)
  process.stdout.write(`${result.verdict}, ${seconds} s\n${result.detail.map((line) => `  ${line}\n`).join('')}`)
}
process.stdout.write(`\n${tableOf(done)}\n`)
process.exit(done.every(({ result }) => result.verdict === 'withstood') ? 0 : 1)
