/**
 * What is attacked: the parts of a release that an attack needs, by default those of production. Mutants (mutants.ts)
 * replace one part each.
 */

import { discreteGaussian } from '../../../services/release/discrete-gaussian.ts'
import { discreteLaplace, type Sampler } from '../../../services/release/discrete-laplace.ts'
import {
  cellDrawer,
  drawRelease,
  isKept,
  shiftedCount,
  unshiftedCount,
} from '../../../services/release/draw-release.ts'
import { type DeclaredLevel, levelParameters } from '../../../services/release/level-parameters.ts'
import type {
  ExactCell,
  LevelParameters,
  RandomSource,
  ReleaseRow,
  ReleaseSpecification,
} from '../../../services/release/release-types.ts'
import { laplaceThreshold } from '../../../services/release/threshold.ts'
import { BoundedUnit } from '../../../services/worker/seal/bound-unit.ts'
import type { Fraction } from '../../../shared/fraction.ts'

export interface Mechanism {
  readonly name: string
  readonly gaussian: (variance: Fraction) => Sampler
  readonly laplace: (scale: Fraction) => Sampler
  readonly parameters: (declared: DeclaredLevel) => LevelParameters
  readonly laplaceThreshold: typeof laplaceThreshold
  readonly drawer: typeof cellDrawer
  readonly bounded: (...of: ConstructorParameters<typeof BoundedUnit>) => Pick<BoundedUnit, 'add' | 'contributions'>
  /** Whether each partner gets noise of its own. */
  readonly redraws: boolean
}

export const production: Mechanism = {
  name: 'production',
  gaussian: discreteGaussian,
  laplace: discreteLaplace,
  parameters: levelParameters,
  laplaceThreshold,
  drawer: cellDrawer,
  bounded: (...of) => new BoundedUnit(...of),
  redraws: false,
}

/** What two partners, or one that asks twice, get of a release: the same frozen rows. */
export type Pull = () => readonly ReleaseRow[]

export type Cells = ReadonlyMap<string, readonly ExactCell[]>

/** Releases cells, once. */
export function release(
  mechanism: Mechanism,
  cells: Cells,
  specification: ReleaseSpecification,
  random: RandomSource,
): Pull {
  const draw = () => drawRows(mechanism, cells, specification, random)
  if (mechanism.redraws) return draw
  const frozen = draw()
  return () => frozen
}

function drawRows(mechanism: Mechanism, cells: Cells, specification: ReleaseSpecification, random: RandomSource) {
  if (mechanism.drawer === cellDrawer) return drawRelease(cells, specification, random)
  return specification.levels.flatMap((level) => {
    const draw = mechanism.drawer(level, specification, random)
    return (cells.get(level.level) ?? []).flatMap((cell) => draw(cell) ?? [])
  })
}

/** Laplace mode, which is for audits: a count with the shift, noise and threshold of a release. Undefined: not kept. */
export function laplaceDrawer(
  mechanism: Mechanism,
  { scale, threshold, k }: { scale: Fraction; threshold: bigint; k: number },
  random: RandomSource,
): (devices: number) => bigint | undefined {
  const noise = mechanism.laplace(scale)
  return (devices) => {
    const shifted = shiftedCount(devices, k)
    if (shifted === 0n) return undefined
    const noisy = shifted + noise(random)
    return isKept(noisy, threshold) ? unshiftedCount(noisy, k) : undefined
  }
}
