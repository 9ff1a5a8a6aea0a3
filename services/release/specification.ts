/**
 * A dataset's release specification, computed from the catalogue: noise and threshold of each level, and a hash over
 * everything that decides what a release looks like but for the data and the noise. A day whose budget was reserved for
 * one specification is never drawn by another.
 */

import { canonicalJson } from '../../shared/canonical-json.ts'
import { type Catalogue, type Dataset, describeLevel, releasedDatasets } from '../../shared/catalogue.ts'
import { add, divide, formatFraction, fraction, multiply, sum } from '../../shared/fraction.ts'
import { dominanceRule } from './dominance.ts'
import { levelParameters } from './level-parameters.ts'
import type { LevelParameters, ReleaseSpecification } from './release-types.ts'
import { sha256Hex } from './sha256.ts'

/** Changes with every change of code that changes what is released from the same records. */
export const algorithmVersion = 1

/** One for each released dataset; the day's ρ is divided equally among them. */
export function specificationsOf(catalogue: Catalogue): ReleaseSpecification[] {
  const datasets = releasedDatasets(catalogue)
  return datasets.map((dataset) => specificationOf(catalogue, dataset, datasets.length))
}

function specificationOf(catalogue: Catalogue, dataset: Dataset, datasets: number): ReleaseSpecification {
  const { rho: rhoOfDay, deltaThreshold, k } = catalogue.releases
  const rhoOfDataset = divide(rhoOfDay, fraction(datasets))
  const levels = dataset.release.map((level) =>
    levelParameters({
      level: level.level,
      by: level.by,
      cellsMax: level.cellsMax,
      rho: multiply(rhoOfDataset, level.share),
      delta: deltaThreshold,
      sums: [
        { id: 'events', unitMax: BigInt(level.eventsMax) },
        ...[...level.measuresMax].map(([id, max]) => ({ id, unitMax: BigInt(max) })),
      ],
    }),
  )
  const specification = {
    dataset: dataset.id,
    dimensions: dataset.dimensions,
    sums: levels[0]?.sums.map(({ id }) => id) ?? [],
    k,
    // What the levels spend; shares need not add up to 1.
    rho: sum(levels.map(spentBy)),
    deltaThreshold,
    delta: multiply(deltaThreshold, fraction(levels.length)),
    levels,
  }
  return { ...specification, hash: hashOf(catalogue, dataset, specification) }
}

function spentBy({ rhoDevices, sums }: LevelParameters) {
  return add(rhoDevices, sum(sums.map(({ rho }) => rho)))
}

/** Features, domains and conditions decide which events are in which cell, so they are in it as well. */
function hashOf(catalogue: Catalogue, dataset: Dataset, specification: Omit<ReleaseSpecification, 'hash'>): string {
  const used = new Set([...dataset.dimensions, ...dataset.when.keys()])
  return sha256Hex(
    canonicalJson({
      algorithm: algorithmVersion,
      dominance: Object.entries(dominanceRule).map(([name, value]) => [name, String(value)]),
      dataset: dataset.id,
      dimensions: catalogue.dimensions
        .filter(({ id }) => used.has(id))
        .map(({ id, origin, field, domain }) => ({ id, origin, field, domain: describeDomain(domain) })),
      order: dataset.dimensions,
      when: [...dataset.when].map(([id, values]) => [id, [...values].sort()]),
      features: catalogue.features.map(({ id, paths, events, unit, naturalKey }) => ({
        ...{ id, paths, events, unit },
        naturalKey: naturalKey ? { fields: naturalKey.fields, slotMs: naturalKey.slotMs } : null,
      })),
      measures: catalogue.measures
        .filter(({ id }) => specification.sums.includes(id))
        .map(({ id, min, max }) => ({ id, min, max })),
      declared: dataset.release.map(describeLevel),
      k: specification.k,
      rho: formatFraction(specification.rho),
      delta: formatFraction(specification.delta),
      deltaThreshold: formatFraction(specification.deltaThreshold),
      publishAfterHours: catalogue.releases.publishAfterHours,
      levels: specification.levels.map(({ level, by, cellsMax, threshold, varianceDevices, sums }) => ({
        ...{ level, by, cellsMax, threshold: String(threshold), varianceDevices: formatFraction(varianceDevices) },
        sums: sums.map(({ id, unitMax, variance }) => ({
          id,
          unitMax: String(unitMax),
          variance: formatFraction(variance),
        })),
      })),
    }),
  )
}

function describeDomain(domain: Catalogue['dimensions'][number]['domain']) {
  switch (domain.kind) {
    case 'values':
      return [...domain.values].sort()
    case 'buckets':
      return { bounds: domain.bounds, labels: domain.labels }
    case 'rule':
      // No cap: it never applies in a release.
      return domain.pattern.source
  }
}
