/**
 * What flows from the seal to a partner: exact cells (never kept, never shown), then rows with noise, then files.
 * privacy: after `drawRelease` (draw-release.ts) nothing is exact any more.
 */
import type { Fraction } from '../../shared/fraction.ts'

/** One cell of one level as it was counted: exact, so it stays inside the sealing process. */
export interface ExactCell {
  /** Values of the level's dimensions, in the order of its `by`. */
  readonly values: readonly string[]
  /** Exact number of units (devices, clusters). */
  readonly devices: number
  /** Sum over units of the bounded number of events, then of each released measure. */
  readonly sums: readonly bigint[]
}

/** A level's noise and threshold, computed from the catalogue (release-parameters.ts), never written by hand. */
export interface LevelParameters {
  /** `leaf`, `parent`, `total`, or what the catalogue calls it; the value of the column `level`. */
  readonly level: string
  /** Dimensions of the level's cells, in the dataset's order. */
  readonly by: readonly string[]
  /** C: most cells of this level that one unit counts in. */
  readonly cellsMax: number
  /** ρ of the devices of this level (zCDP). */
  readonly rhoDevices: Fraction
  /** σ² of the discrete Gaussian added to devices: C / (2ρ). */
  readonly varianceDevices: Fraction
  /** T: a shifted noisy count below this is not published. */
  readonly threshold: bigint
  /** Events first, then released measures. */
  readonly sums: readonly SumParameters[]
}

export interface SumParameters {
  /** `events`, or a measure's id: the column. */
  readonly id: string
  /** M: the most that one unit adds to one cell. */
  readonly unitMax: bigint
  readonly rho: Fraction
  /** σ² = C·M² / (2ρ). */
  readonly variance: Fraction
}

/** Everything that decides what a release of a dataset looks like, but for the data and the noise. */
export interface ReleaseSpecification {
  readonly dataset: string
  /** The dataset's dimensions, in order: the columns after `level`. */
  readonly dimensions: readonly string[]
  /** Columns after `devices`: `events`, then released measures. */
  readonly sums: readonly string[]
  /** Hard floor: a cell of fewer units is never published. */
  readonly k: number
  /** ρ of one day of this dataset, all levels together. */
  readonly rho: Fraction
  /** δ that the threshold of each level costs. */
  readonly deltaThreshold: Fraction
  /** δ of all levels of this dataset together. */
  readonly delta: Fraction
  readonly levels: readonly LevelParameters[]
  /** Lower-case hex SHA-256 over all of this, the catalogue's dimension rules and the version of the algorithm. */
  readonly hash: string
}

/** One published row. */
export interface ReleaseRow {
  readonly level: string
  /** One for each of the dataset's dimensions; null where the level does not have it. */
  readonly values: readonly (string | null)[]
  readonly devices: bigint
  /** As `ReleaseSpecification.sums`; null: withheld by the dominance rule. */
  readonly sums: readonly (bigint | null)[]
  readonly flags: readonly ReleaseFlag[]
}

/** `near_threshold`: v < T + 2σ, so the count is biased upward. `withheld`: a sum was withheld by the dominance rule. */
export type ReleaseFlag = 'near_threshold' | 'withheld'

/**
 * Where noise comes from. Production has one implementation, over crypto.randomBytes (random-source.ts); tests pass
 * others. There is no seed anywhere in production.
 */
export interface RandomSource {
  /** Uniform in [0, bound), exactly; `bound` >= 1. */
  below(bound: bigint): bigint
}
