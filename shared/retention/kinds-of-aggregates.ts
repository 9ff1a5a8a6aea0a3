/** Tables of the warehouse: counts, releases and the ledger. */
import type { Grain } from '../window.ts'
import { everywhere, inWords, type KindOfData } from './kind-of-data.ts'
import { epochKeyMs, hourCellsMs, minuteCellsMs, probeCellsMs } from './limits.ts'

/** How long final cells of a grain are kept; undefined: for good. */
export const cellsMs: Readonly<Partial<Record<Grain, number>>> = { minute: minuteCellsMs, hour: hourCellsMs }

const tableOf = (name: string) => ({
  embedded: `table ${name}, in warehouse/`,
  servers: `ClickHouse, table ${name}`,
})

export const aggregateKinds: readonly KindOfData[] = [
  {
    id: 'open-states',
    title: 'Counts of windows that are still open',
    contains: 'per cell a state of distinct pseudonyms; of one device it is as good as its pseudonym',
    about: 'pseudonymous',
    where: tableOf('cells'),
    places: { files: ['warehouse/'], tables: ['cells'] },
    keptMs: epochKeyMs,
    since: 'end of its epoch',
    howLong: `until the day, week or month closes, at most ${inWords(epochKeyMs)} after it; of the probe ${inWords(probeCellsMs)}`,
    removedBy: everywhere('the close: integers take their place, the states are rewritten away'),
  },
  ...(['minute', 'hour', 'day', 'week', 'month'] as const).map(finalCells),
  {
    id: 'releases',
    title: 'Releases for partners',
    contains: 'noised counts above a threshold, frozen, byte by byte as partners get them',
    about: 'nobody',
    where: tableOf('releases'),
    places: { files: ['warehouse/'], tables: ['releases'] },
    howLong: 'for good',
    removedBy: everywhere('nothing'),
    heldAs: 'aggregates',
  },
  {
    id: 'ledger',
    title: 'The ledger',
    contains:
      'privacy budget, releases, partners and their accesses, deletions without whose, holds, policy versions, transfers; beside it a line for each restore of an export',
    about: 'nobody',
    where: tableOf('ledger'),
    places: { files: ['warehouse/'], tables: ['ledger', 'restores'] },
    howLong: 'for good',
    removedBy: everywhere('nothing'),
    heldAs: 'ledger',
  },
]

function finalCells(grain: Grain): KindOfData {
  const kept = cellsMs[grain]
  return {
    id: `${grain}-cells`,
    title: `Counts by ${grain}`,
    contains: 'whole numbers of events and devices per cell, with nothing by which a device could be found again',
    about: 'nobody',
    where: tableOf('cells'),
    places: { files: ['warehouse/'], tables: ['cells'] },
    ...(kept !== undefined && { keptMs: kept, since: 'end of its window' as const }),
    howLong: kept === undefined ? 'for good' : inWords(kept),
    removedBy: everywhere(kept === undefined ? 'nothing' : 'the upkeep rewrites them away, looking every 10 minutes'),
    heldAs: 'aggregates',
  }
}
