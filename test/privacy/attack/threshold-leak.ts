/**
 * Row 5: how often does a cell show that only one device makes releasable? Drawn at a δ that can be seen, and computed
 * at those in use.
 */
import type { RandomSource } from '../../../services/release/release-types.ts'
import { fraction, toNumber } from '../../../shared/fraction.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'
import { computedThresholds, thresholdIsMinimal } from './computed-thresholds.ts'
import { laplaceDrawer, type Mechanism, production } from './mechanism.ts'
import { cell } from './scene.ts'
import { clopperPearson } from './statistics.ts'

const k = 20
/** δ = 1e-4 at 1e7 cells; fewer cells look for a larger one as exactly. */
const shownAtMost = 1000
const ratioMax = 1.05
const portion = 50_000
/** The upper bound is one-sided, at 95 %. */
const alpha = 0.05

/** Noise narrow enough for T and T - 1 to be far apart, with a T that is well within these δ: σ² = 42, C = 1. */
const declared = {
  ...{ level: 'leaf', by: ['feature'], cellsMax: 1, rho: fraction(1, 42) },
  sums: [{ id: 'events', unitMax: 1n }],
}
const laplaceScale = fraction(2)

const deltaAt = (cells: number) => fraction(shownAtMost, Math.max(cells, 2 * shownAtMost))

interface Leak {
  readonly hits: number
  /** Upper bound of the probability, over δ. */
  readonly ratio: number
}

/** Shows cells of k devices: their last device is the one that lifts them above the floor. */
export function leakOf(
  mechanism: Pick<Mechanism, 'parameters' | 'drawer'>,
  cells: number,
  random: RandomSource,
  onDrawn: (cells: number) => void,
): Leak {
  const draw = mechanism.drawer(
    mechanism.parameters({ ...declared, delta: deltaAt(cells) }),
    { dimensions: ['feature'], k },
    random,
  )
  const lifted = cell(['a'], k, k)
  return countShown(() => draw(lifted), cells, onDrawn)
}

export function laplaceLeakOf(
  mechanism: Mechanism,
  cells: number,
  random: RandomSource,
  onDrawn: (cells: number) => void,
): Leak {
  const scale = laplaceScale
  const threshold = mechanism.laplaceThreshold({ scale, cellsMax: 1, delta: deltaAt(cells) })
  const draw = laplaceDrawer(mechanism, { scale, threshold, k }, random)
  return countShown(() => draw(k), cells, onDrawn)
}

function countShown(draw: () => unknown, cells: number, onDrawn: (cells: number) => void): Leak {
  let hits = 0
  for (let i = 0; i < cells; i++) {
    if (draw() !== undefined) hits++
    if ((i + 1) % portion === 0) onDrawn(portion)
  }
  return { hits, ratio: clopperPearson(hits, cells, alpha).upper / toNumber(deltaAt(cells)) }
}

/** 1 less in the threshold. */
export const oneLower: Pick<Mechanism, 'parameters' | 'laplaceThreshold'> = {
  parameters: (level) => {
    const own = production.parameters(level)
    return { ...own, threshold: own.threshold - 1n }
  },
  laplaceThreshold: (request) => production.laplaceThreshold(request) - 1n,
}

async function run({ trials, random, onProgress }: AttackTools) {
  let drawn = 0
  const onDrawn = (cells: number) => {
    drawn += cells
    onProgress(drawn / 4)
  }
  const lower = { ...production, ...oneLower }
  const own = [leakOf(production, trials, random, onDrawn), laplaceLeakOf(production, trials, random, onDrawn)]
  const controls = [leakOf(lower, trials, random, onDrawn), laplaceLeakOf(lower, trials, random, onDrawn)]
  const computed = computedThresholds(production)
  const controlComputed = computedThresholds(lower)
  const worst = Math.max(...own.map(({ ratio }) => ratio))
  const controlWorst = Math.min(...controls.map(({ ratio }) => ratio))
  return {
    trials: 2 * trials,
    figure: `${worst.toFixed(3)} δ`,
    bound: `${ratioMax} δ`,
    controlFigure: `${controlWorst.toFixed(3)} δ`,
    verdict: verdictOf(
      worst <= ratioMax && computed.every(thresholdIsMinimal),
      controlWorst > ratioMax && controlComputed.every(({ at }) => at > 1),
    ),
    detail: [
      `shown at δ = ${toNumber(deltaAt(trials))}: Gaussian ${own[0]?.hits}, Laplace ${own[1]?.hits}; at T - 1 ${controls[0]?.hits}, ${controls[1]?.hits}`,
      ...computed.map(
        ({ name, threshold, at, below }) =>
          `${name}, δ = 1e-9: T ${threshold}, Pr ${at.toFixed(3)} δ; at T - 1 ${below.toFixed(3)} δ`,
      ),
    ],
  }
}

export const thresholdLeak: Attack = {
  id: 'threshold',
  name: 'threshold: cells that one device lifts',
  trials: 10_000_000,
  trialsShort: 100_000,
  run,
}
