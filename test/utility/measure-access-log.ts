/** The error of releases of the sample access log: by the small-installation profile as it is, by the default levels multiplied. */
import { readFileSync } from 'node:fs'
import type { ExactCell, ReleaseSpecification } from '../../services/release/release-types.ts'
import { specificationsOf } from '../../services/release/specification.ts'
import type { Catalogue } from '../../shared/catalogue.ts'
import { parseCatalogue } from '../../shared/catalogue-file.ts'
import { seededBytes, seededRandom } from '../services/release/seeded-random.ts'
import { type CellErrors, measureCells } from './measure-error.ts'
import { accessLogCatalogue, accessLogDays, sealAccessLog } from './seal-access-log.ts'

export interface AccessLogCatalogue {
  readonly catalogue: Catalogue
  readonly specification: ReleaseSpecification
}

/** @param bounded without: C and M so large that they cut nothing off */
export function readAccessLogCatalogue(name: string, bounded = true): AccessLogCatalogue {
  let source = readFileSync(accessLogCatalogue(name), 'utf8')
  if (!bounded) source = source.replace(/cells: \d+, events: \d+/g, 'cells: 1000, events: 100000')
  const catalogue = parseCatalogue(source, name)
  return { catalogue, specification: specificationsOf(catalogue)[0] as ReleaseSpecification }
}

/** Multiples of the log's addresses that give cells of about 200 to 100,000 devices, and the day that is taken. */
export const multiples = [1, 2, 20, 400] as const
const day = '2015-05-18'
/** Cells of half to twice as many devices stand for a size. */
const sizes = [200, 1000, 10_000, 100_000]

export interface SizeErrors extends CellErrors {
  /** The size that its cells stand for. */
  readonly size: number
}

/** Releases by the default levels, of cells of about each size. */
export async function measureMultiplied(
  seed: string,
  draws: number,
  times: readonly number[] = multiples,
): Promise<SizeErrors[]> {
  const { catalogue, specification } = readAccessLogCatalogue('catalogue-default-release.yaml')
  const sealed = new Map<string, ExactCell[]>()
  for (const copies of times) {
    const sealKey = seededBytes(`${seed} seal ${copies}`)(32)
    for (const [level, cells] of await sealAccessLog(catalogue, day, { sealKey, copies }))
      sealed.set(level, [...(sealed.get(level) ?? []), ...cells.map((cell) => renamed(cell, copies))])
  }
  return sizes.flatMap((size) =>
    specification.levels.flatMap(({ level, by }) => {
      const distance = ({ devices }: ExactCell) => Math.abs(Math.log2(devices / size))
      const near = (sealed.get(level) ?? []).filter((cell) => distance(cell) <= 1)
      // The total has one cell a release.
      const cells = by.length > 0 ? near : near.sort((a, b) => distance(a) - distance(b)).slice(0, 1)
      if (cells.length === 0) return []
      const releases = Math.ceil(draws / cells.length)
      return [
        { size, ...measureCells(specification, level, cells, releases, seededRandom(`${seed} ${level} ${size}`)) },
      ]
    }),
  )
}

/** Cells of several seals in one release: each keeps a name of its own. */
function renamed(cell: ExactCell, copies: number): ExactCell {
  return { ...cell, values: cell.values.map((value) => `${value} ×${copies}`) }
}

export interface SectionErrors {
  readonly day: string
  readonly section: string
  /** Devices that were there, and those that count within the bound C. */
  readonly devices: number
  readonly bounded: number
  readonly errors: CellErrors
}

/** The log as it is, by the small-installation profile: every section of every day. */
export async function measureSmall(seed: string, draws: number): Promise<SectionErrors[]> {
  const small = readAccessLogCatalogue('catalogue-small-release.yaml')
  const whole = readAccessLogCatalogue('catalogue-small-release.yaml', false)
  const measured: SectionErrors[] = []
  for (const one of accessLogDays) {
    const sealKey = seededBytes(`${seed} seal ${one}`)(32)
    const all = (await sealAccessLog(whole.catalogue, one, { sealKey })).get('leaf') ?? []
    const there = new Map(all.map(({ values, devices }) => [values[0], devices]))
    for (const cell of (await sealAccessLog(small.catalogue, one, { sealKey })).get('leaf') ?? []) {
      const section = cell.values[0] as string
      const random = seededRandom(`${seed} ${one} ${section}`)
      const alike = Array.from({ length: draws }, (_, at) => ({ ...cell, values: [String(at)] }))
      const errors = measureCells(small.specification, 'leaf', alike, 1, random)
      measured.push({ day: one, section, devices: there.get(section) ?? 0, bounded: cell.devices, errors })
    }
  }
  return measured
}
