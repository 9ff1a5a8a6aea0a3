/** aggregate-only: which tables there are, and which columns. */

import { ledgerColumns, ledgerTable } from '../../../shared/ledger/ledger-table.ts'
import { cellsTable, tableColumns } from '../../../shared/warehouse/schema.ts'
import { releasesTable } from '../../release/release-store.ts'
import { restoresColumns, restoresTable } from '../../transfer/restore-mark.ts'
import { type Check, fail, named, type Outcome, pass, warn } from '../check.ts'
import type { Scene } from '../scene.ts'

const viewEnding = '_cells'
/** As services/release/release-store.ts makes it. */
const releasesColumns = [
  'dataset LowCardinality(String)',
  'day Date',
  'release FixedString(64)',
  'format LowCardinality(String)',
  'piece UInt32',
  'body String',
]
/** A dimension or measure that the catalogue no longer has keeps its column; it is written empty. */
const formerColumns: readonly (readonly [name: RegExp, type: RegExp])[] = [
  [/^d_[a-z]\w*$/, /^LowCardinality\(String\)$/],
  [/^m_[a-z]\w*_sum$/, /^SimpleAggregateFunction\(sum, Int64\)$/],
  [/^m_[a-z]\w*_count$/, /^SimpleAggregateFunction\(sum, UInt64\)$/],
]

export const tablesCheck: Check<Scene> = {
  id: 'tables',
  promise: 'no table has a row per event or device: only cells, releases and the ledger, with their columns',
  clauses: ['aggregate-only', 'collect-device', 'collect-feature'],
  async look({ tables, catalogue }): Promise<Outcome> {
    const found = await tables.select<{ name: string; engine: string }>(
      'SELECT name, engine FROM system.tables WHERE database = currentDatabase() ORDER BY name',
    )
    const expected = new Map([
      [cellsTable, columnsOf(tableColumns(catalogue))],
      [ledgerTable, columnsOf(ledgerColumns)],
      [releasesTable, columnsOf(releasesColumns)],
      [restoresTable, columnsOf(restoresColumns)],
    ])
    const isView = ({ name, engine }: { name: string; engine: string }) =>
      engine === 'View' && name.endsWith(viewEnding)
    const kept = found.filter((table) => !isView(table))
    const wrong = kept.filter(({ name }) => !expected.has(name)).map(({ name }) => `unexpected table ${name}`)
    const former: string[] = []
    for (const { name } of kept) {
      const columns = expected.get(name)
      if (!columns) continue
      const compared = compareColumns(name, columns, await columnsNow(tables, name))
      wrong.push(...compared.wrong)
      former.push(...compared.former)
    }
    if (!kept.some(({ name }) => name === cellsTable)) wrong.push(`table ${cellsTable} is missing`)
    if (wrong.length > 0) return fail(named(wrong))
    const evidence = `${kept.map(({ name }) => name).join(', ')} and ${found.length - kept.length} views; every column as the catalogue ${catalogue.version} has it`
    return former.length === 0 ? pass(evidence) : warn(`columns of an earlier catalogue are kept: ${named(former)}`)
  },
}

async function columnsNow(tables: Scene['tables'], table: string): Promise<Map<string, string>> {
  const rows = await tables.select<{ name: string; type: string }>(
    'SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}',
    { table },
  )
  return new Map(rows.map(({ name, type }) => [name, type]))
}

function compareColumns(table: string, expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>) {
  const wrong: string[] = []
  const former: string[] = []
  for (const [name, type] of expected) {
    const has = found.get(name)
    if (has === undefined) wrong.push(`column ${table}.${name} is missing`)
    else if (has !== type) wrong.push(`column ${table}.${name} is ${has}, not ${type}`)
  }
  for (const [name, type] of found) {
    if (expected.has(name)) continue
    const isFormer = table === cellsTable && formerColumns.some(([form, of]) => form.test(name) && of.test(type))
    if (isFormer) former.push(`${table}.${name}`)
    else wrong.push(`unexpected column ${table}.${name} of type ${type}`)
  }
  return { wrong, former }
}

/** Name and type of definitions such as `state AggregateFunction(…) DEFAULT …`. */
function columnsOf(definitions: readonly string[]): Map<string, string> {
  return new Map(
    definitions.map((definition) => {
      const [, name = '', type = ''] = /^(\S+) (.+?)(?: (?:DEFAULT|EPHEMERAL|CODEC).*)?$/.exec(definition) ?? []
      return [name, type]
    }),
  )
}
