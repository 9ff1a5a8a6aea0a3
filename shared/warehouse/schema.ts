/**
 * The one table, made from the catalogue. Every row is a cell: a window × dataset × dimension values, with counts.
 *
 * `stage` says which of three kinds a row is:
 * - `open`: a cell of a window that still takes events, at the full set of the dataset's dimensions. Devices are a
 *   `uniqCombined64` state (a state of a small cell is as good as the pseudonyms in it, hence it lives only until close).
 *   Rows of the same key add up.
 * - `final`: a cell of a closed window for one set of dimensions, named in `by` (comma-separated, '' for none); devices
 *   are an integer, the state is empty.
 * - `mark`: no cell. dataset `_mark`: `hi` is the last position of log `log`, partition `kp`, that is in the table.
 *   dataset `_final`: the window of grain `grain` of the dataset named in `by` is final: its open rows no longer count.
 * Every block that is inserted carries its mark, so that cells and mark are there together or not at all.
 *
 * Dimension columns that a dataset does not have are ''. There is no PARTITION BY: an insert over several table
 * partitions can be torn by a crash.
 */
import type { Catalogue, Dataset } from '../catalogue.ts'
import { probeFeature } from '../event.ts'

export const cellsTable = 'cells'
export const markDataset = '_mark'
export const finalDataset = '_final'
export const probeDataset = probeFeature
/** Precision of the unique states: 2^17 registers, about 0.2 % error above some ten thousand, exact for small cells. */
export const uniqueState = 'uniqCombined64(17)'

const fixedKey = ['dataset', 'grain', 'stage', 'by', 'window', 'kp', 'log'] as const

/** The column that holds a dimension's values. */
export function dimensionColumn(id: string): string {
  return `d_${id}`
}

/** The columns of a measure: the sum of the clamped values, and the number of events that carried one. */
export function measureColumns(id: string): { sum: string; count: string } {
  return { sum: `m_${id}_sum`, count: `m_${id}_count` }
}

/** Columns in the order in which the worker writes them; `units` (pseudonyms) becomes the state and is not stored. */
export function insertColumns(catalogue: Catalogue): string[] {
  return [
    ...fixedKey,
    'hi',
    ...catalogue.dimensions.map(({ id }) => dimensionColumn(id)),
    'events',
    'devices',
    'units',
    ...catalogue.measures.flatMap(({ id }) => Object.values(measureColumns(id))),
  ]
}

/** `CREATE TABLE IF NOT EXISTS` for a warehouse without the table. */
export function createTable(catalogue: Catalogue): string {
  return `CREATE TABLE IF NOT EXISTS ${cellsTable} (\n  ${tableColumns(catalogue).join(',\n  ')}\n)
ENGINE = AggregatingMergeTree
ORDER BY (${sortingKey(catalogue).join(', ')})
SETTINGS ${durabilitySettings}, non_replicated_deduplication_window = 10000`
}

/**
 * Settings of the table wherever it is: an insert is on disk when it is acknowledged; old parts go soon, so what they were
 * merged into, or rewritten as, must be on disk before (by default the engine counts on keeping them for eight minutes).
 */
export const durabilitySettings = `fsync_after_insert = 1, fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
  old_parts_lifetime = 5, cleanup_delay_period = 1, cleanup_delay_period_random_add = 0,
  cleanup_thread_preferred_points_per_iteration = 0`

export function tableColumns(catalogue: Catalogue): string[] {
  return [
    'dataset LowCardinality(String)',
    'grain LowCardinality(String)',
    "stage Enum8('open' = 0, 'final' = 1, 'mark' = 2)",
    'by LowCardinality(String)',
    "window DateTime('UTC')",
    'kp LowCardinality(String)',
    'log LowCardinality(String)',
    ...catalogue.dimensions.map(({ id }) => dimensionDefinition(id)),
    'hi SimpleAggregateFunction(max, Int64)',
    'events SimpleAggregateFunction(sum, UInt64)',
    'devices SimpleAggregateFunction(max, UInt64)',
    'units Array(UInt64) EPHEMERAL',
    `state AggregateFunction(${uniqueState}, UInt64) DEFAULT arrayReduce('${uniqueState.replace('(', 'State(')}', units)`,
    ...catalogue.measures.flatMap(({ id }) => measureDefinitions(id)),
  ]
}

export function sortingKey(catalogue: Catalogue): string[] {
  return [...fixedKey, ...catalogue.dimensions.map(({ id }) => dimensionColumn(id))]
}

/**
 * What brings an existing table to the catalogue: new dimensions and measures become columns. A dimension that is no
 * longer declared keeps its column (its history stays), and is written as ''.
 */
export function alterTable(
  catalogue: {
    readonly dimensions: readonly { readonly id: string }[]
    readonly measures: readonly { readonly id: string }[]
  },
  existing: ReadonlySet<string>,
  sortingKey: readonly string[],
): string | undefined {
  const newDimensions = catalogue.dimensions.filter(({ id }) => !existing.has(dimensionColumn(id)))
  const added = [
    ...newDimensions.map(({ id }) => dimensionDefinition(id)),
    ...catalogue.measures.flatMap(({ id }) => (existing.has(measureColumns(id).sum) ? [] : measureDefinitions(id))),
  ]
  if (added.length === 0) return undefined
  const changes = added.map((definition) => `ADD COLUMN ${definition}`)
  if (newDimensions.length > 0) {
    // ClickHouse lets a sorting key grow only by columns added in the same statement.
    const key = [...sortingKey, ...newDimensions.map(({ id }) => dimensionColumn(id))]
    changes.push(`MODIFY ORDER BY (${key.join(', ')})`)
  }
  return `ALTER TABLE ${cellsTable} ${changes.join(', ')}`
}

/**
 * A view per dataset for people and for Grafana: final cells only, with the declared names.
 * @param place on a cluster: the readers' database, and ON CLUSTER with its name
 */
export function createView(dataset: Dataset, place?: { database: string; onCluster: string }): string {
  const prefix = place ? `${place.database}.` : ''
  const measures = dataset.measures.flatMap((id) =>
    Object.values(measureColumns(id)).map((column) => `sum(${column}) AS ${column.slice(2)}`),
  )
  const dimensions = dataset.dimensions.map((id) => `${dimensionColumn(id)} AS ${id}`)
  return `CREATE OR REPLACE VIEW ${prefix}${dataset.id}_cells${place ? ` ${place.onCluster}` : ''} AS
SELECT grain, window, by, ${[...dimensions, 'sum(events) AS events', 'max(devices) AS devices', ...measures].join(', ')}
FROM ${prefix}${cellsTable} WHERE dataset = '${dataset.id}' AND stage = 'final'
GROUP BY grain, window, by, ${dataset.dimensions.join(', ')}`
}

function dimensionDefinition(id: string): string {
  return `${dimensionColumn(id)} LowCardinality(String)`
}

function measureDefinitions(id: string): string[] {
  const { sum, count } = measureColumns(id)
  return [`${sum} SimpleAggregateFunction(sum, Int64)`, `${count} SimpleAggregateFunction(sum, UInt64)`]
}
