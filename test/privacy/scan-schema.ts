/** What of a warehouse's schema is not what the catalogue declares: a table too many, a column too many, another engine. */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import { dimensionColumn, measureColumns } from '../../shared/warehouse/schema.ts'

const cellsColumns = ['dataset', 'grain', 'stage', 'by', 'window', 'kp', 'log', 'hi', 'events', 'devices', 'state']
/** Nothing of a sender is in these: what operators and partners did, frozen tables, and which export was restored. */
const otherTables = ['ledger', 'releases', 'restores']

/** In words; none is good. */
export async function unexpectedSchema(warehouse: WarehouseReader, catalogue: Catalogue): Promise<string[]> {
  const tables = await warehouse.select<{ name: string; engine: string }>(
    'SELECT name, engine FROM system.tables WHERE database = currentDatabase() ORDER BY name',
  )
  const views = new Set(catalogue.datasets.map(({ id }) => `${id}_cells`))
  const known = (name: string, engine: string) =>
    engine === 'View' ? views.has(name) : name === 'cells' || otherTables.includes(name)
  const columns = await warehouse.select<{ name: string; type: string }>(
    `SELECT name, type FROM system.columns
WHERE database = currentDatabase() AND table = 'cells' AND default_kind != 'EPHEMERAL' ORDER BY name`,
  )
  const declared = new Set([
    ...cellsColumns,
    ...catalogue.dimensions.map(({ id }) => dimensionColumn(id)),
    ...catalogue.measures.flatMap(({ id }) => Object.values(measureColumns(id))),
  ])
  return [
    ...tables.filter(({ name, engine }) => !known(name, engine)).map(({ name, engine }) => `${engine} ${name}`),
    ...tables
      .filter(({ name, engine }) => name === 'cells' && !engine.endsWith('AggregatingMergeTree'))
      .map(() => 'cells does not aggregate'),
    ...columns.filter(({ name }) => !declared.has(name)).map(({ name, type }) => `column ${name} ${type} of cells`),
  ]
}
