/** The statements for servers that cannot be had here: at least the engine reads them, and makes what it can of them. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { prepareTables } from '../../../services/worker/store.ts'
import { readCatalogue } from '../../../shared/catalogue-file.ts'
import { createClusterTables, shardOf } from '../../../shared/warehouse/cluster-schema.ts'
import { openEmbeddedWarehouse } from '../../../shared/warehouse/embedded.ts'
import type { Warehouse } from '../../../shared/warehouse/port.ts'
import { defaultWaits, selectSettings } from '../../../shared/warehouse/server-settings.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'

const fromHere = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const catalogue = readCatalogue(fromHere('../../../shared/catalogue.yaml'))
const names = { cluster: 'events', database: 'headcount', readDatabase: 'headcount_all' }
const cluster = createClusterTables(catalogue, names)

async function withWarehouse(use: (warehouse: Warehouse) => Promise<void>): Promise<void> {
  await withTemporaryDirectory(async (dir) => {
    const warehouse = await openEmbeddedWarehouse({ dir: path.join(dir, 'tables') })
    await use(warehouse).finally(() => warehouse.close())
  })
}

async function usersStatements(): Promise<string[]> {
  const text = await readFile(fromHere('../../../infra/clickhouse/users.sql'), 'utf8')
  const statements = text.replace(/^--.*$/gm, '').split(';')
  return statements.map((one) => one.trim()).filter(Boolean)
}

describe('statements for a ClickHouse cluster', () => {
  it('are read by the engine, and each of them goes to the whole cluster', async () => {
    await withWarehouse(async (warehouse) => {
      for (const sql of cluster) {
        const [row] = await warehouse.select<{ text: string }>('SELECT formatQuerySingleLine({sql:String}) AS text', {
          sql,
        })
        assert.match(row?.text ?? '', /^CREATE .* ON CLUSTER events\b/)
      }
      await assert.rejects(warehouse.select("SELECT formatQuery('CREATE TABEL x')"))
    })
  })

  it('make the table of a single server, but for its engine', async () => {
    await withWarehouse(async (warehouse) => {
      await prepareTables(warehouse, catalogue)
      for (const sql of cluster.map(withoutCluster)) await warehouse.command(sql)
      const columns = async (database: string) =>
        await warehouse.select(
          'SELECT name, type, default_expression, is_in_sorting_key FROM system.columns WHERE table = {table:String} AND database = {database:String} ORDER BY position',
          { database, table: 'cells' },
        )
      assert.deepEqual(await columns('headcount'), await columns('default'))
      for (const { id } of catalogue.datasets) await warehouse.select(`SELECT * FROM headcount_all.${id}_cells`)
    })
  })

  it('a log partition has one shard, and every shard has partitions', () => {
    const shards = Array.from({ length: 12 }, (_, partition) => shardOf(partition, 4))
    assert.deepEqual(shards, [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3])
  })

  it('a name that is no name is refused', () => {
    assert.throws(() => createClusterTables(catalogue, { ...names, cluster: "c' x" }), RangeError)
  })
})

describe('the users of a ClickHouse server', () => {
  it('are read by the engine', async () => {
    await withWarehouse(async (warehouse) => {
      const statements = await usersStatements()
      assert.equal(statements.length, 7)
      for (const sql of statements)
        await warehouse.select('SELECT formatQuerySingleLine({sql:String}) AS text', { sql })
    })
  })

  it('the reader has the settings that reporting would ask for, and may change none', async () => {
    const profile = (await usersStatements()).find((sql) => sql.startsWith('CREATE SETTINGS PROFILE')) ?? ''
    const given = Object.fromEntries(
      [...profile.matchAll(/(\w+) = (\d+)/g)].map(([, name, value]) => [name, Number(value)]),
    )
    assert.deepEqual(given, { ...selectSettings(defaultWaits), readonly: 1 })
  })
})

/** What one engine without Keeper and without other servers can carry out. */
function withoutCluster(sql: string): string {
  return sql
    .replace(' ON CLUSTER events', '')
    .replace(/ReplicatedAggregatingMergeTree\([^)]*\)/, 'AggregatingMergeTree')
    .replace('Distributed(events, headcount, cells)', () => "Merge('headcount', '^cells$')")
}
