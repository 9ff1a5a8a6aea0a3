/** An installation with nothing but final counts: as many as are wanted, of days one after the other. */
import path from 'node:path'
import { type CellLine, tableColumns, tableLine } from '../../services/transfer/cell-line.ts'
import { columnsOf } from '../../services/transfer/final-cells.ts'
import { prepareTables } from '../../services/worker/store.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { openEmbeddedWarehouse } from '../../shared/warehouse/embedded.ts'
import { dayMs } from '../../shared/window.ts'

const cellsPerDay = 5000
const firstDay = Date.parse('2020-01-01T00:00:00Z')

export async function fillTables(dataDir: string, cells: number): Promise<void> {
  const warehouse = await openEmbeddedWarehouse({ dir: path.join(dataDir, 'warehouse') })
  try {
    await prepareTables(warehouse, readCatalogue(''))
    const columns = await columnsOf(warehouse)
    for (let day = 0; day * cellsPerDay < cells; day++) {
      const lines = cellsOf((firstDay + day * dayMs) / 1000).map((cell) => `${tableLine(cell, columns)}\n`)
      const block = { table: 'cells', columns: tableColumns(columns), lines: lines.join(''), rows: lines.length }
      await warehouse.insert({ ...block, token: `bench/${day}` })
    }
  } finally {
    await warehouse.close()
  }
}

function cellsOf(window: number): CellLine[] {
  const of = { grain: 'day', window, measures: {} } as const
  const mark = { ...of, dataset: '_final', by: 'feature_usage', values: {}, events: '0', devices: '0' }
  const cells = Array.from({ length: cellsPerDay - 1 }, (_, index) => ({
    ...{ ...of, dataset: 'feature_usage', by: 'feature,version' },
    values: { feature: `feature-${index % 50}`, version: `1.${Math.floor(index / 50)}.0` },
    ...{ events: String(index * 17), devices: String(index) },
  }))
  return [mark, ...cells]
}
