/** Row 6: cells of fewer than k devices are never published, however wide the noise and low the threshold. */
import { fraction } from '../../../shared/fraction.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'
import { type Mechanism, production } from './mechanism.ts'
import { cell } from './scene.ts'

const k = 20
const portion = 50_000

/** A threshold so low that noise alone passes it often. */
const declared = {
  ...{ level: 'leaf', by: ['feature'], cellsMax: 8, delta: fraction(9, 10), rho: fraction(3, 250) },
  sums: [{ id: 'events', unitMax: 8n }],
}

/** How many cells of 1 … k - 1 devices are shown. @param floor the k of the release */
export function shownBelowFloor(
  mechanism: Pick<Mechanism, 'parameters' | 'drawer'>,
  floor: number,
  { trials, random, onProgress }: AttackTools,
): number {
  const draw = mechanism.drawer(mechanism.parameters(declared), { dimensions: ['feature'], k: floor }, random)
  const cells = Array.from({ length: k - 1 }, (_, index) => cell(['a'], index + 1, 8 * (index + 1)))
  let shown = 0
  for (let i = 0; i < trials; i++) {
    if (draw(cells[i % cells.length]!)) shown++
    if ((i + 1) % portion === 0) onProgress(i + 1)
  }
  return shown
}

async function run(tools: AttackTools) {
  const own = shownBelowFloor(production, k, tools)
  // Without the shift, which is what k = 1 makes of it.
  const control = shownBelowFloor(production, 1, tools)
  return {
    trials: tools.trials,
    figure: `${own} shown`,
    bound: '0',
    controlFigure: `${control} shown`,
    verdict: verdictOf(own === 0, control > 0),
    detail: [
      `threshold ${production.parameters(declared).threshold} at a δ of 0.9; noise of σ 25.8 without the shift shows ${control}`,
    ],
  }
}

export const hardFloor: Attack = {
  id: 'hard-floor',
  name: `hard floor: cells of 1 … ${k - 1} devices`,
  trials: 1_000_000,
  trialsShort: 100_000,
  run,
}
