/**
 * Datasets over the same events, suppressed as reporting does it, and an analyst who asks all of them: the unknowns are
 * the cells of each full table, and what he knows besides the answers is which sums are the same events.
 */
import { givenBy, type Hidden, linksOf, narrowedTo } from '../../../services/reporting/dataset-links.ts'
import { suppress } from '../../../services/reporting/suppression.ts'
import { submasks } from '../../../services/reporting/suppression-lattice.ts'
import type { SuppressionLink } from '../../../services/reporting/suppression-links.ts'
import type { Catalogue, Dataset } from '../../../shared/catalogue.ts'
import { type AskedCell, type Report, tableOf, workedOut } from './differencing-attacker.ts'

export interface LinkedReport {
  sender: number
  events: number
  /** By dimension. */
  of: Record<string, string>
}

export interface LinkedCell extends AskedCell {
  dataset: string
}

/**
 * `linked` as reporting does it. The controls: `given`: what the parent hides is hidden, but the child's other tables are
 * not looked at; `apart`: each dataset by itself.
 */
export type Way = 'linked' | 'given' | 'apart'

/** Cells of fewer than k devices, of any dataset, that follow from what all datasets show. */
export function followsFromAll(reports: LinkedReport[], catalogue: Catalogue, k: number, way: Way): LinkedCell[] {
  const hidden = new Map<string, Hidden>()
  for (const dataset of inOrder(catalogue)) {
    const links = way === 'apart' ? [] : linksOf(catalogue, dataset)
    const given = links.map((link) => givenBy(link, hidden.get(link.parent.id)!))
    const own = reportsOf(reports, dataset)
    const seen = way === 'given' ? given.map((link) => ({ ...link, shared: 0 })) : given
    hidden.set(dataset.id, settle(own, dataset, k, seen))
  }
  return followsFrom(reports, catalogue, k, (dataset, mask, key) => hidden.get(dataset)!.get(mask)?.has(key) !== true)
}

/** @param isShown whether the cell of that key (JSON of the values) of a dataset is shown */
export function followsFrom(
  reports: LinkedReport[],
  catalogue: Catalogue,
  k: number,
  isShown: (dataset: string, mask: number, key: string) => boolean,
): LinkedCell[] {
  const cells: LinkedCell[] = []
  const full = new Map<Dataset, { first: number; values: string[][] }>()
  let unknowns = 0
  for (const dataset of catalogue.datasets) {
    const values = tableOf(reportsOf(reports, dataset), 2 ** dataset.dimensions.length - 1).map((cell) => [
      ...cell.values,
    ])
    full.set(dataset, { first: unknowns, values })
    unknowns += values.length
  }
  for (const [dataset, { first, values }] of full)
    for (let mask = 0; mask < 2 ** dataset.dimensions.length; mask++)
      for (const { values: own, events, devices } of tableOf(reportsOf(reports, dataset), mask)) {
        const key = JSON.stringify(own)
        const members = values.flatMap((some, index) =>
          JSON.stringify(some.filter((_, at) => mask & (1 << at))) === key ? [first + index] : [],
        )
        const shown = isShown(dataset.id, mask, key)
        cells.push({ dataset: dataset.id, mask, key, shown, events, devices, members })
      }
  return workedOut(cells, k, sameSums(reports, full)) as LinkedCell[]
}

/** For every two datasets, what both tell of the same events: by the dimensions that the events of both are known by. */
function sameSums(
  reports: LinkedReport[],
  full: ReadonlyMap<Dataset, { first: number; values: string[][] }>,
): [number[], number[]][] {
  const same: [number[], number[]][] = []
  for (const [child, own] of full)
    for (const [parent, wide] of full) {
      const isPart = reports.every((report) => !isOf(report, child) || isOf(report, parent))
      const extra = [...child.when].filter(([id, narrow]) => parent.when.get(id)?.size !== narrow.size)
      if (parent === child || !isPart || extra.some(([id]) => !parent.dimensions.includes(id))) continue
      const shared = child.dimensions.filter((id) => parent.dimensions.includes(id))
      const valueAt = (dataset: Dataset, values: string[], id: string) => values[dataset.dimensions.indexOf(id)]!
      const keyOf = (dataset: Dataset, values: string[]) =>
        JSON.stringify(shared.map((id) => valueAt(dataset, values, id)))
      for (const key of new Set(own.values.map((values) => keyOf(child, values)))) {
        const ofChild = own.values.flatMap((values, at) => (keyOf(child, values) === key ? [own.first + at] : []))
        const ofParent = wide.values.flatMap((values, at) =>
          keyOf(parent, values) === key && extra.every(([id, some]) => some.has(valueAt(parent, values, id)))
            ? [wide.first + at]
            : [],
        )
        same.push([ofChild, ofParent])
      }
    }
  return same
}

function inOrder(catalogue: Catalogue): Dataset[] {
  const found: Dataset[] = []
  const visit = (dataset: Dataset) => {
    if (found.includes(dataset)) return
    for (const { parent } of linksOf(catalogue, dataset)) visit(parent)
    found.push(dataset)
  }
  for (const dataset of catalogue.datasets) visit(dataset)
  return found
}

/** Whether a dataset counts the report. */
export function isOf({ of }: LinkedReport, { when }: Dataset): boolean {
  return [...when].every(([id, allowed]) => allowed.has(of[id]!))
}

function reportsOf(reports: LinkedReport[], dataset: Dataset): Report[] {
  return reports
    .filter((report) => isOf(report, dataset))
    .map(({ sender, events, of }) => ({ sender, events, values: dataset.dimensions.map((id) => of[id]!) }))
}

function settle(reports: Report[], dataset: Dataset, k: number, links: SuppressionLink[]): Hidden {
  const full = 2 ** dataset.dimensions.length - 1
  const devices = new Map(
    [full, ...submasks(full)].flatMap((mask) =>
      tableOf(reports, mask).map((cell) => [`${mask}:${cell.values.join('|')}`, cell.devices] as const),
    ),
  )
  const margins = {
    devices: (mask: number, values: readonly string[]) => devices.get(`${mask}:${values.join('|')}`),
    exact: () => true,
  }
  const options = { together: true, links: links.map((link) => narrowedTo(link, full)) }
  const lattice = suppress(tableOf(reports, full), dataset.dimensions.length, margins, k, options)
  const hidden = new Map<number, Map<string, boolean>>()
  for (const { mask, cells } of lattice.values()) {
    const own = cells.filter((cell) => cell.hidden)
    if (own.length > 0) hidden.set(mask, new Map(own.map((cell) => [JSON.stringify(cell.values), cell.devices >= k])))
  }
  return hidden
}
