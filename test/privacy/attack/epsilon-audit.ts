/**
 * Row 3: the ε that can be shown from outside, in Laplace mode at C = 1. One cell with and without one device; the event
 * is the published count being at least the larger one, whose two probabilities differ by e^ε exactly.
 */
import type { RandomSource } from '../../../services/release/release-types.ts'
import { fraction } from '../../../shared/fraction.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'
import { laplaceDrawer, type Mechanism, production } from './mechanism.ts'
import { clopperPearson } from './statistics.ts'

const k = 20
const devices = 5000
/** Of each bound: a lower bound above ε is wrong with probability 2e-6 at most. */
const alpha = 1e-6

/** A lower bound of the ε of noise that claims ε = 1. */
export function provenEpsilon(
  mechanism: Pick<Mechanism, 'laplace' | 'laplaceThreshold'>,
  draws: number,
  random: RandomSource,
  onDrawn: (draws: number) => void,
): number {
  const scale = fraction(1)
  const threshold = mechanism.laplaceThreshold({ scale, cellsMax: 1, delta: fraction(1, 1_000_000_000) })
  const draw = laplaceDrawer(mechanism as Mechanism, { scale, threshold, k }, random)
  const hits = (count: number) => {
    let found = 0
    for (let i = 0; i < draws; i++) {
      const published = draw(count)
      if (published !== undefined && published >= BigInt(devices + 1)) found++
    }
    onDrawn(draws)
    return found
  }
  const within = clopperPearson(hits(devices + 1), draws, alpha)
  const without = clopperPearson(hits(devices), draws, alpha)
  // The event and its opposite both bound ε.
  return Math.max(Math.log(within.lower / without.upper), Math.log((1 - without.upper) / (1 - within.lower)))
}

async function run({ trials, random, onProgress }: AttackTools) {
  let drawn = 0
  const onDrawn = (draws: number) => {
    drawn += draws
    onProgress(drawn / 6)
  }
  const own = provenEpsilon(production, trials, random, onDrawn)
  const controls = [90, 50].map((hundredths) => {
    const laplace: Mechanism['laplace'] = ({ numerator, denominator }) =>
      production.laplace(fraction(numerator * BigInt(hundredths), denominator * 100n))
    return provenEpsilon({ ...production, laplace }, trials, random, onDrawn)
  })
  return {
    trials: 2 * trials,
    figure: `ε >= ${own.toFixed(3)}`,
    bound: '0.9 … 1',
    controlFigure: `ε >= ${Math.min(...controls).toFixed(3)}`,
    verdict: verdictOf(own <= 1, own >= 0.9 && controls.every((one) => one > 1)),
    detail: [
      `noise that claims ε = 1: at least ${own.toFixed(4)} is proven`,
      `a tenth too little noise (ε 1.111): ${controls[0]?.toFixed(4)}; half (ε 2): ${controls[1]?.toFixed(4)}`,
    ],
  }
}

export const epsilonAudit: Attack = {
  id: 'epsilon-audit',
  name: 'ε audit, Laplace mode',
  trials: 1_000_000,
  trialsShort: 100_000,
  run,
}
