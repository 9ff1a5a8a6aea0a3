/** Row 10: every mistake is caught by an attack, and production by none of the same attacks. */
import type { RandomSource } from '../../../services/release/release-types.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'
import { computedThresholds, thresholdIsMinimal } from './computed-thresholds.ts'
import { accuracyOf, differencers, judgeDay, publisher, spreadAccuracy } from './differencing.ts'
import { provenEpsilon } from './epsilon-audit.ts'
import { shownBelowFloor } from './hard-floor.ts'
import { type Mechanism, production } from './mechanism.ts'
import { membershipOf } from './membership.ts'
import { mutants } from './mutants.ts'
import { noiseWidths } from './noise-widths.ts'
import { isRejected, worstShape } from './sampler-shape.ts'
import { laplaceLeakOf, leakOf } from './threshold-leak.ts'

/** Whether an attack on that many worlds succeeds. */
type Catches = (mechanism: Mechanism, worlds: number, random: RandomSource) => boolean

const ignore = () => undefined
const drawsPerWorld = 10
const k = 20

/** In the order of the table, quick ones first where only the first that catches is asked for. */
const attacks: Readonly<Record<string, Catches>> = {
  'sampler-shape': (mechanism, worlds, random) =>
    isRejected(worstShape(mechanism, worlds * drawsPerWorld, random, ignore, noiseWidths.slice(0, 3)).p),
  'threshold, computed': (mechanism) => !computedThresholds(mechanism).every(thresholdIsMinimal),
  threshold: (mechanism, worlds, random) =>
    [leakOf, laplaceLeakOf].some((leak) => leak(mechanism, worlds * drawsPerWorld, random, ignore).ratio > 1.05),
  'hard-floor': (mechanism, worlds, random) =>
    shownBelowFloor(mechanism, k, { trials: worlds, random, onProgress: ignore }) > 0,
  'epsilon-audit': (mechanism, worlds, random) => provenEpsilon(mechanism, worlds * drawsPerWorld, random, ignore) > 1,
  membership: (mechanism, worlds, random) => {
    const { leaf, day } = membershipOf(mechanism, worlds, random, ignore)
    return !leaf.within || !day.within
  },
  ...Object.fromEntries(
    Object.entries(differencers).map(([name, differ]): [string, Catches] => [
      `differencing, ${name}`,
      // A pull costs a mutant a draw: a fifth of the worlds are enough, for it learns a lot from each.
      (mechanism, worlds, random) =>
        !judgeDay(accuracyOf(differ, worlds / 5, publisher(mechanism, random), random), worlds / 5).within,
    ]),
  ),
  'differencing, a victim in 64 cells': (mechanism, worlds, random) =>
    !judgeDay(spreadAccuracy(mechanism, worlds, random), worlds).within,
}

/** Below it a mutant is asked only until an attack has caught it. */
const allFrom = 20_000

function catchersOf(mechanism: Mechanism, worlds: number, random: RandomSource, first: boolean): string[] {
  const caught: string[] = []
  for (const [name, catches] of Object.entries(attacks)) {
    if (catches(mechanism, worlds, random)) caught.push(name)
    if (first && caught.length > 0) break
  }
  return caught
}

async function run({ trials, random, onProgress }: AttackTools) {
  const own = catchersOf(production, trials, random, false)
  const found = mutants.map((mutant, index) => {
    onProgress((trials * (index + 1)) / (mutants.length + 1))
    return { name: mutant.name, caught: catchersOf(mutant, trials, random, trials < allFrom) }
  })
  const caught = found.filter((one) => one.caught.length > 0).length
  return {
    trials,
    figure: own.length === 0 ? 'production: none' : `production: ${own.join(', ')}`,
    bound: 'none',
    controlFigure: `${caught} of ${found.length} caught`,
    verdict: verdictOf(own.length === 0, caught === found.length),
    detail: found.map((one) => `${one.name}: ${one.caught.join('; ') || 'not caught'}`),
  }
}

export const mutations: Attack = {
  id: 'mutations',
  name: 'mutations: each caught by an attack above',
  trials: 40_000,
  trialsShort: 5000,
  run,
}
