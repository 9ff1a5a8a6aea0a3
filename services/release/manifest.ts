/**
 * The manifest of a release: what the files are, how they were made and what the numbers mean. It is frozen with them,
 * and has nothing in it that follows from the data but the published rows themselves.
 */
import { type Catalogue, findDataset } from '../../shared/catalogue.ts'
import { formatFraction, fraction, multiply, toNumber } from '../../shared/fraction.ts'
import { epsilonOf, groupRho } from './privacy-loss.ts'
import { mediaTypes } from './release-files.ts'
import type { FrozenFile, ReleaseFormat } from './release-store.ts'
import type { LevelParameters, ReleaseSpecification } from './release-types.ts'
import { sha256Hex } from './sha256.ts'
import { algorithmVersion } from './specification.ts'

export interface ManifestColumn {
  name: string
  type: 'string' | 'integer'
  title: string
  nullable: boolean
}

export interface Manifest {
  dataset: string
  title: string
  /** UTC day that was counted. */
  day: string
  /** When partners can have it at the earliest, RFC 3339; a fixed time after the day's end. */
  publishAt: string
  specification: string
  algorithm: number
  columns: ManifestColumn[]
  rows: number
  files: { format: ReleaseFormat; mediaType: string; bytes: number; sha256: string }[]
  parameters: Record<string, unknown>
  guarantee: Record<string, unknown>
  intervals: Record<string, unknown>
  notes: string[]
}

/** δ at which ε is stated. */
const statedDelta = fraction(1, 10_000_000)
/** Of the 95 % interval of a normal distribution. */
const z95 = 1.96

export function manifestOf(
  catalogue: Catalogue,
  specification: ReleaseSpecification,
  release: { day: string; publishAt: string; rows: number; files: readonly FrozenFile[] },
): Manifest {
  const { day, publishAt, rows, files } = release
  return {
    dataset: specification.dataset,
    title: findDataset(catalogue, specification.dataset)?.title ?? specification.dataset,
    day,
    publishAt,
    specification: specification.hash,
    algorithm: algorithmVersion,
    columns: columnsOf(catalogue, specification),
    rows,
    files: files.map(({ format, bytes }) => ({
      format,
      mediaType: mediaTypes[format],
      bytes: bytes.length,
      sha256: sha256Hex(bytes),
    })),
    parameters: parametersOf(specification),
    guarantee: guaranteeOf(catalogue, specification),
    intervals: intervalsOf(specification),
    notes,
  }
}

export function columnsOf(catalogue: Catalogue, specification: ReleaseSpecification): ManifestColumn[] {
  const titles = new Map([...catalogue.dimensions, ...catalogue.measures].map(({ id, title }) => [id, title]))
  const text = (name: string, title: string, nullable: boolean): ManifestColumn => ({
    ...{ name, type: 'string', title, nullable },
  })
  return [
    text('level', 'Which dimensions the row is counted by', false),
    ...specification.dimensions.map((id) => text(id, titles.get(id) ?? id, true)),
    {
      name: 'devices',
      type: 'integer',
      title: 'Devices (clusters, where clusters report), with noise',
      nullable: false,
    },
    ...specification.sums.map((id) => ({
      name: id,
      type: 'integer' as const,
      title: `${id === 'events' ? 'Events' : (titles.get(id) ?? id)}, bounded per device, with noise`,
      nullable: true,
    })),
    text('flags', 'near_threshold, withheld, or nothing', true),
  ]
}

function parametersOf({ k, deltaThreshold, levels }: ReleaseSpecification) {
  return {
    unit: 'everything that one identifier did on one UTC day (one cluster, where clusters report)',
    mechanism: 'discrete Gaussian noise (Canonne, Kamath, Steinke 2020), threshold on units',
    k,
    deltaThreshold: toNumber(deltaThreshold),
    levels: levels.map((level) => ({
      level: level.level,
      by: level.by,
      C: level.cellsMax,
      rhoDevices: formatFraction(level.rhoDevices),
      sigmaDevices: sigma(level.varianceDevices),
      T: Number(level.threshold),
      smallestPublished: Number(level.threshold) + k - 1,
      sums: level.sums.map(({ id, unitMax, rho, variance }) => ({
        ...{ id, M: Number(unitMax), rho: formatFraction(rho), sigma: sigma(variance) },
      })),
    })),
  }
}

/** Of the day's whole budget, since a partner may hold every dataset. */
function guaranteeOf({ releases }: Catalogue, { rho, delta }: ReleaseSpecification) {
  const stated = (days: number, identifiers = 1) => ({
    epsilon: rounded(epsilonOf(groupRho(multiply(releases.rho, fraction(days)), identifiers), statedDelta)),
    delta: toNumber(statedDelta),
  })
  return {
    definition: 'zero-concentrated differential privacy; adding or removing one unit',
    rhoOfDay: formatFraction(releases.rho),
    rhoOfThisDataset: formatFraction(rho),
    deltaOfThresholds: toNumber(delta),
    day: stated(1),
    thirtyDays: stated(30),
    year: stated(365),
    dayOfSomebodyWithTwoIdentifiers: stated(1, 2),
    covers: 'all datasets, partners and formats of a day together',
  }
}

function intervalsOf({ levels }: ReleaseSpecification) {
  const half = (variance: LevelParameters['varianceDevices']) => Math.ceil(z95 * sigma(variance))
  return {
    formula: 'published ± 1.96 sigma, in about 95 of 100 rows without the flag near_threshold',
    halfWidth95: levels.map(({ level, varianceDevices, sums }) => ({
      level,
      devices: half(varianceDevices),
      ...Object.fromEntries(sums.map(({ id, variance }) => [id, half(variance)])),
    })),
  }
}

const notes = [
  'A count is the number of devices plus noise; the same row of the same day is the same for every partner, for ever.',
  'Levels are measured separately, each with noise of its own: parts do not add up to their total.',
  'A device counts in at most C cells of a level, and with at most M events in each: events of very busy devices are cut off.',
  'A row that is missing has few devices, or none. Nothing tells which.',
  'near_threshold: such a row is here because its noise was high; its count is biased upward.',
  'withheld: the sum could be mostly one or two devices, so it is not published. A sum barely above the smallest one is biased upward.',
  'The guarantee of a day costs the stated delta and, once for each level and dataset, that of the threshold; somebody with two identifiers has both in one cell, which makes that of the threshold larger too.',
]

function sigma(variance: LevelParameters['varianceDevices']): number {
  return rounded(Math.sqrt(toNumber(variance)))
}

function rounded(value: number): number {
  return Number(value.toPrecision(6))
}
