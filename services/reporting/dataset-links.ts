/**
 * Which datasets count the same events: `deployments`, which takes events of the feature `mesos_track` only, is what
 * `feature_usage` has under `feature=mesos_track`. What the parent hides of such cells the child hides too
 * (suppression-links.ts). Pure.
 */
import type { Catalogue, Dataset } from '../../shared/catalogue.ts'
import { submasks } from './suppression-lattice.ts'
import type { SuppressionLink } from './suppression-links.ts'
import { maskOf } from './table-reader.ts'

export interface DatasetLink {
  readonly parent: Dataset
  readonly child: Dataset
  /** Dimensions of the parent by which the child's events are told from others. */
  readonly conditions: ReadonlyMap<string, ReadonlySet<string>>
  /** Dimensions that both have, in the child's order. */
  readonly shared: readonly string[]
  /** Those of the parent's tables whose cells the child has too, in the parent's order. */
  readonly dimensions: readonly string[]
}

/** Hidden keys by mask over a dataset's dimensions; whether they have k devices. */
export type Hidden = ReadonlyMap<number, ReadonlyMap<string, boolean>>

/** The datasets that a dataset is part of by its `when`. Of two with the same `when` the one declared first is the parent. */
export function linksOf(catalogue: Catalogue, child: Dataset): DatasetLink[] {
  return catalogue.datasets.flatMap((parent) => linkBetween(parent, child, catalogue) ?? [])
}

function linkBetween(parent: Dataset, child: Dataset, { datasets }: Catalogue): DatasetLink | undefined {
  if (parent === child) return undefined
  const conditions = new Map<string, ReadonlySet<string>>()
  for (const id of new Set([...parent.when.keys(), ...child.when.keys()])) {
    const [wide, narrow] = [parent.when.get(id), child.when.get(id)]
    if (narrow === undefined || (wide && [...narrow].some((value) => !wide.has(value)))) return undefined
    if (wide?.size === narrow.size) continue
    if (!parent.dimensions.includes(id)) return undefined
    conditions.set(id, narrow)
  }
  if (conditions.size === 0 && datasets.indexOf(parent) > datasets.indexOf(child)) return undefined
  const shared = child.dimensions.filter((id) => parent.dimensions.includes(id))
  const dimensions = parent.dimensions.filter((id) => shared.includes(id) || conditions.has(id))
  return { parent, child, conditions, shared, dimensions }
}

/** What the parent hides, as keys of the child's tables: a cell of the child that is several of the parent, if one is. */
export function givenBy(link: DatasetLink, hidden: Hidden): SuppressionLink {
  const { parent, child, conditions } = link
  const shared = maskOf(child, link.shared)
  const given = new Map<number, Set<string>>()
  for (const mask of [shared, ...submasks(shared)]) {
    const own = child.dimensions.filter((_, index) => mask & (1 << index))
    const asked = parent.dimensions.filter((id) => own.includes(id) || conditions.has(id))
    const positions = own.map((id) => asked.indexOf(id))
    const tests = [...conditions].map(([id, values]) => [asked.indexOf(id), values] as const)
    const keys = new Set<string>()
    for (const key of hidden.get(maskOf(parent, asked))?.keys() ?? []) {
      const values = JSON.parse(key) as string[]
      if (tests.every(([at, allowed]) => allowed.has(values[at]!)))
        keys.add(JSON.stringify(positions.map((at) => values[at])))
    }
    if (keys.size > 0) given.set(mask, keys)
  }
  return { shared, given }
}

/** The link as the table over some of the child's dimensions sees it: masks are over these. */
export function narrowedTo(link: SuppressionLink, own: number): SuppressionLink {
  const given = new Map<number, ReadonlySet<string>>()
  for (const [mask, keys] of link.given) if ((mask & ~own) === 0) given.set(within(mask, own), keys)
  return { shared: within(link.shared & own, own), given }
}

/** A mask's bits as positions among the bits of `own`. */
function within(mask: number, own: number): number {
  let [found, position] = [0, 0]
  for (let bit = 1; bit <= own; bit <<= 1) {
    if (!(own & bit)) continue
    if (mask & bit) found |= 1 << position
    position++
  }
  return found
}
