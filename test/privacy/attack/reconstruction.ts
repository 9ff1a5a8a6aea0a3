/**
 * Row 8: 200 secret bits from all cells of a day (Dinur, Nissim 2003). Device i was active iff its bit is 1; which cells
 * it would be in, and everybody else, the attacker knows. Linear programming and least squares, whichever does better.
 */
import type { RandomSource } from '../../../services/release/release-types.ts'
import { toNumber } from '../../../shared/fraction.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'
import { leastAbsolute, leastSquares } from './decoders.ts'
import { type Cells, type Mechanism, production, release } from './mechanism.ts'
import { judge } from './membership.ts'
import { type PublishedRow, releaseExactly } from './scene.ts'
import { bits, cellsOf, columnsOf, drawSecrets, equationsOf } from './secret-day.ts'
import { specification } from './sybil-scene.ts'

/** Shares of bits that each decoder finds. */
export function decodedShares(
  publish: (cells: Cells) => readonly PublishedRow[],
  exact: boolean,
  random: RandomSource,
) {
  const secrets = drawSecrets(random)
  const columns = columnsOf(secrets)
  const equations = equationsOf(columns, publish(cellsOf(columns, secrets.bits)), exact)
  const share = (solution: Float64Array) =>
    secrets.bits.filter((bit, device) => (solution[device] as number) > 0.5 === bit).length / bits
  // Bits vary by 1/4 around their mean, and the noise of an equation by 1.
  return {
    squares: share(leastSquares(equations, bits, exact ? 1e-6 : 4)),
    program: share(leastAbsolute(equations, bits)),
  }
}

export function reconstruct(mechanism: Mechanism, runs: number, random: RandomSource, onRun: (done: number) => void) {
  let squares = 0
  let program = 0
  for (let run = 0; run < runs; run++) {
    const publish = (cells: Cells) => release(mechanism, cells, specification, random)()
    const shares = decodedShares(publish, false, random)
    squares += shares.squares / runs
    program += shares.program / runs
    onRun(run + 1)
  }
  return { squares, program }
}

async function run({ trials, random, onProgress }: AttackTools) {
  const own = reconstruct(production, trials, random, onProgress)
  const controls = Array.from({ length: 5 }, () =>
    decodedShares((cells) => releaseExactly(specification, cells), true, random),
  )
  const mean = (of: 'squares' | 'program') => controls.reduce((all, one) => all + one[of] / controls.length, 0)
  const best = Math.max(own.squares, own.program)
  const control = Math.min(mean('squares'), mean('program'))
  const judged = judge(best, toNumber(specification.rho), toNumber(specification.delta), trials * bits)
  return {
    trials,
    figure: best.toFixed(4),
    bound: `${judged.bound.toFixed(4)} + 4·${judged.error.toFixed(4)}`,
    controlFigure: control.toFixed(3),
    verdict: verdictOf(judged.within, control >= 0.95),
    detail: [
      `linear program ${own.program.toFixed(4)}, least squares ${own.squares.toFixed(4)} of ${bits} bits in ${trials} runs`,
      `exact cells: ${mean('program').toFixed(3)}, ${mean('squares').toFixed(3)}`,
    ],
  }
}

export const reconstruction: Attack = {
  id: 'reconstruction',
  name: `reconstruction of ${bits} bits from all cells`,
  trials: 200,
  trialsShort: 10,
  run,
}
