/** Every number that partners are told, computed from the running catalogue. */
import { type Catalogue, findDataset } from '../../../shared/catalogue.ts'
import { type Fraction, fraction, multiply, toNumber } from '../../../shared/fraction.ts'
import { smallestPublishedSum } from '../../release/dominance.ts'
import { nearThresholdBelow } from '../../release/draw-release.ts'
import { epsilonOf, groupRho } from '../../release/privacy-loss.ts'
import type { LevelParameters } from '../../release/release-types.ts'
import { specificationsOf } from '../../release/specification.ts'
import { guessingOdds } from './guessing-odds.ts'

export interface GuideDataset {
  readonly id: string
  readonly title: string
  readonly levels: readonly GuideLevel[]
}

export interface GuideLevel {
  readonly level: string
  readonly by: readonly string[]
  /** C */
  readonly cellsMax: number
  readonly sigmaDevices: number
  /** Half of the 95 % interval, rounded up, as the manifest has it. */
  readonly halfDevices: number
  /** No published count is smaller. */
  readonly smallestDevices: number
  /** A smaller one has the flag near_threshold. */
  readonly unflaggedFrom: number
  readonly sums: readonly { id: string; title: string; unitMax: number; half: number; smallest: number }[]
}

export interface GuideLoss {
  readonly what: string
  readonly epsilon: number
  /** Part of right guesses whether one device was there. */
  readonly odds: number
}

/** Of the 95 % interval of a normal distribution. */
const z95 = 1.96
/** At which ε is stated, as in the manifest. */
const statedDelta = fraction(1, 10_000_000)

export function guideDatasets(catalogue: Catalogue): GuideDataset[] {
  const titles = new Map(catalogue.measures.map(({ id, title }) => [id, title]))
  return specificationsOf(catalogue).map(({ dataset, levels, k }) => ({
    id: dataset,
    title: findDataset(catalogue, dataset)?.title ?? dataset,
    levels: levels.map((level) => guideLevel(level, k, titles)),
  }))
}

function guideLevel(level: LevelParameters, k: number, titles: ReadonlyMap<string, string>): GuideLevel {
  const sigmaDevices = sigma(level.varianceDevices)
  return {
    level: level.level,
    by: level.by,
    cellsMax: level.cellsMax,
    sigmaDevices,
    halfDevices: Math.ceil(z95 * sigmaDevices),
    smallestDevices: Number(level.threshold) + k - 1,
    unflaggedFrom: Number(nearThresholdBelow(level)) + k - 1,
    sums: level.sums.map((sum) => ({
      id: sum.id,
      title: sum.id === 'events' ? 'Events' : (titles.get(sum.id) ?? sum.id),
      unitMax: Number(sum.unitMax),
      half: Math.ceil(z95 * sigma(sum.variance)),
      smallest: Number(smallestPublishedSum(sum)),
    })),
  }
}

/** Of the whole day's budget: a partner may hold every dataset. */
export function guideLosses({ releases: { rho } }: Catalogue): GuideLoss[] {
  const loss = (what: string, spent: Fraction) => ({
    ...{ what, epsilon: epsilonOf(spent, statedDelta), odds: guessingOdds(spent) },
  })
  return [
    loss('one day', rho),
    loss('one day, of somebody with two identifiers', groupRho(rho, 2)),
    loss('30 days', multiply(rho, fraction(30))),
    loss('a year, every day', multiply(rho, fraction(365))),
  ]
}

function sigma(variance: Fraction): number {
  return Math.sqrt(toNumber(variance))
}
