/** The laws of shared/warehouse/port.ts, for every adapter. */
import assert from 'node:assert/strict'
import { access } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import {
  BlockTooLargeError,
  type InsertBlock,
  insertBytesMax,
  insertRowsMax,
  type Warehouse,
} from '../../shared/warehouse/port.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'

export type OpenWarehouse = (options: { dir: string }) => Promise<Warehouse>

export const createEvents = `CREATE TABLE IF NOT EXISTS events (
  id UInt64, text String, units Array(UInt64) EPHEMERAL,
  state AggregateFunction(uniqCombined64(17), UInt64) DEFAULT arrayReduce('uniqCombined64State(17)', units)
) ENGINE = MergeTree ORDER BY id
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000`

/** Rows `from` … `from + rows - 1`, each with two units of which it shares one with the next. */
export function block(rows: number, token: string, from = 0): InsertBlock {
  let lines = ''
  for (let id = from; id < from + rows; id++) lines += `${id}\ttext ${id}\t[${id},${id + 1}]\n`
  return { table: 'events', columns: ['id', 'text', 'units'], lines, rows, token }
}

export async function countEvents(warehouse: Pick<Warehouse, 'select'>): Promise<number> {
  const [row] = await warehouse.select<{ rows: string }>('SELECT count() AS rows FROM events')
  return Number(row?.rows)
}

const awkward = [
  "it's",
  'back\\slash',
  'a\nb\tc',
  '"quoted"',
  '`ticked`',
  '{x:String}',
  "'); DROP TABLE events --",
  'ü\u{1F600}',
]

export function warehouseContract(name: string, open: OpenWarehouse): void {
  const law = (
    title: string,
    check: (warehouse: Warehouse, dir: string, reopen: () => Promise<Warehouse>) => Promise<void>,
  ) =>
    it(title, () =>
      withTemporaryDirectory(async (dir) => {
        let warehouse = await open({ dir: path.join(dir, 'tables') })
        try {
          await warehouse.command(createEvents)
          await check(warehouse, dir, async () => {
            await warehouse.close()
            warehouse = await open({ dir: path.join(dir, 'tables') })
            return warehouse
          })
        } finally {
          await warehouse.close()
        }
      }),
    )

  describe(`warehouse contract: ${name}`, () => {
    law('rows and their unique states are there after close and reopen', async (warehouse, _, reopen) => {
      await warehouse.insert(block(1000, 'a'))
      assert.ok((await warehouse.tableBytes()) > 0)
      const again = await reopen()
      const [row] = await again.select(
        'SELECT count() AS rows, uniqCombined64Merge(17)(state) AS units, max(id) AS last FROM events',
      )
      assert.deepEqual(row, { rows: '1000', units: '1001', last: '999' })
    })

    law('one insert of 500,000 rows is one part', async (warehouse) => {
      await warehouse.insert(block(insertRowsMax, 'large'))
      const parts = await warehouse.select("SELECT rows FROM system.parts WHERE table = 'events' AND active")
      assert.deepEqual(parts, [{ rows: String(insertRowsMax) }])
    })

    law('one insert of 64 MB in wide rows is one part', async (warehouse) => {
      const wide = `1\t${'w'.repeat(insertBytesMax / 1024 - 6)}\t[]\n`
      await warehouse.insert({ ...block(1, 'wide'), lines: wide.repeat(1024), rows: 1024 })
      assert.deepEqual(await warehouse.select("SELECT rows FROM system.parts WHERE table = 'events' AND active"), [
        { rows: '1024' },
      ])
    })

    law(
      'a token that was used has no effect, another one has, though the rows are the same',
      async (warehouse, _, reopen) => {
        await warehouse.insert(block(10, 'a'))
        await warehouse.insert(block(7, 'a', 100))
        assert.equal(await countEvents(warehouse), 10)
        await warehouse.insert(block(10, 'b'))
        assert.equal(await countEvents(warehouse), 20)
        await warehouse.insert(block(3, "c'\\{x}"))
        const again = await reopen()
        for (const token of ['a', 'b', "c'\\{x}"]) await again.insert(block(10, token))
        assert.equal(await countEvents(again), 23)
      },
    )

    law('a token does not leak into the next call, nor among concurrent ones', async (warehouse) => {
      await warehouse.insert(block(1, 'a'))
      await warehouse.command('INSERT INTO events (id) VALUES (1)')
      await warehouse.command('INSERT INTO events (id) VALUES (2)')
      await Promise.all(Array.from({ length: 50 }, (_, index) => warehouse.insert(block(1, `t${index}`, index))))
      assert.equal(await countEvents(warehouse), 53)
    })

    law('a block that would not be one part is refused, and so is one that is not what it says', async (warehouse) => {
      await assert.rejects(warehouse.insert({ ...block(1, 'a'), rows: insertRowsMax + 1 }), BlockTooLargeError)
      await assert.rejects(
        warehouse.insert({ ...block(1, 'a'), lines: 'x'.repeat(insertBytesMax + 1) }),
        BlockTooLargeError,
      )
      await assert.rejects(warehouse.insert({ ...block(1, 'a'), lines: '', rows: 0 }), RangeError)
      await assert.rejects(warehouse.insert({ ...block(2, 'a'), rows: 1 }), RangeError)
      await assert.rejects(warehouse.insert({ ...block(1, 'a'), lines: '1\tno end\t[]' }), RangeError)
      await assert.rejects(warehouse.insert({ ...block(2, 'a'), lines: '1\ta\t[]\nnot a number\tb\t[]\n' }))
      assert.equal(await countEvents(warehouse), 0)
    })

    law('text comes back as it went in: values are escaped, parameters are bound', async (warehouse) => {
      const escaped = (value: string) =>
        value.replace(/[\\\t\n]/g, (found) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n' })[found] ?? '')
      const lines = awkward.map((value, id) => `${id}\t${escaped(value)}\t[]\n`).join('')
      await warehouse.insert({ ...block(1, 'a'), lines, rows: awkward.length })
      for (const one of [warehouse, await warehouse.reader()]) {
        for (const [id, value] of awkward.entries()) {
          const found = await one.select('SELECT id, {v:String} AS v FROM events WHERE text = {v:String}', { v: value })
          assert.deepEqual(found, [{ id: String(id), v: value }])
        }
        const [row] = await one.select<{ v: string[] }>('SELECT {v:Array(String)} AS v', { v: awkward })
        assert.deepEqual(row?.v, awkward)
      }
      await warehouse.command('ALTER TABLE events DELETE WHERE text = {v:String}', { v: "it's" })
      assert.equal(await countEvents(warehouse), awkward.length - 1)
    })

    law('a reader sees what was inserted, at once', async (warehouse) => {
      const reader = await warehouse.reader()
      for (let index = 1; index <= 5; index++) {
        await warehouse.insert(block(1, `t${index}`))
        assert.equal(await countEvents(reader), index)
      }
      await reader.close()
      await assert.rejects(reader.select('SELECT 1'))
      assert.equal(await countEvents(warehouse), 5)
    })

    law(
      'a reader that tells whether something was written tells of each change, and of no reading',
      async (warehouse) => {
        const reader = await warehouse.reader()
        const changes = [
          () => warehouse.insert(block(1, 'a')),
          () => warehouse.command('ALTER TABLE events DELETE WHERE id = 1'),
          () => assert.rejects(warehouse.command('ALTER TABLE nowhere DELETE WHERE id = 1')),
        ]
        for (const change of changes) {
          const before = reader.written
          await countEvents(reader)
          assert.equal(reader.written, before)
          await change()
          // Undefined: others may write as well, so nothing is told.
          if (before !== undefined) assert.notEqual(reader.written, before)
        }
        let isOver = false
        const writing = warehouse.insert(block(1, 'b')).finally(() => {
          isOver = true
        })
        const told = new Set<number | undefined>()
        for (; !isOver; await setImmediate()) told.add(reader.written)
        await writing
        assert.ok(told.has(undefined), 'nothing is told during a write')
        await reader.close()
      },
    )

    law(
      'a reader cannot write, create, read or make files, change settings, or run a second statement',
      async (warehouse, dir) => {
        await warehouse.insert(block(5, 'a'))
        const reader = await warehouse.reader()
        const outside = path.join(dir, 'outside')
        for (const sql of forbidden(outside)) await assert.rejects(reader.select(sql, { f: 'file' }), Error, sql)
        await assert.rejects(access(outside))
        assert.equal(await countEvents(reader), 5)
        await warehouse.insert(block(1, 'b'))
        assert.equal(await countEvents(reader), 6)
      },
    )

    law(
      'an export is byte by byte what the format says, NUL bytes included, and its settings stay with it',
      async (warehouse) => {
        const rows = `SELECT t.1 AS name, t.2 AS value FROM (SELECT arrayJoin(JSONExtract('[["a",1],["=b",null]]', 'Array(Tuple(String, Nullable(Int64)))')) AS t)`
        const csv = await warehouse.exportBytes(rows, 'CSVWithNames', { format_csv_null_representation: '' })
        assert.equal(csv.toString(), '"name","value"\n"a",1\n"=b",\n')
        assert.equal(
          (await warehouse.exportBytes(rows, 'CSVWithNames')).toString(),
          '"name","value"\n"a",1\n"=b",\\N\n',
        )
        const parquet = await warehouse.exportBytes(rows, 'Parquet')
        assert.equal(parquet.subarray(0, 4).toString(), 'PAR1')
        assert.equal(parquet.subarray(-4).toString(), 'PAR1')
        assert.ok(parquet.includes(0))
      },
    )
  })
}

function forbidden(outside: string): string[] {
  const passwd = '/etc/passwd'
  return [
    'INSERT INTO events (id) VALUES (1)',
    'CREATE TABLE other (a Int8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE other (a Int8)',
    'DROP TABLE events',
    'ALTER TABLE events DELETE WHERE 1',
    'OPTIMIZE TABLE events FINAL',
    'SET readonly = 0',
    'SELECT 1 SETTINGS max_threads = 9',
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT 1; INSERT INTO events (id) VALUES (1)',
    'SELECT 1 FORMAT Null; DROP TABLE events',
    'KILL QUERY WHERE 1',
    `SELECT 1 INTO OUTFILE '${outside}'`,
    `SELECT 1 INTO/**/OUTFILE '${outside}' FORMAT Null;`,
    `SELECT * FROM sqlite('${outside}', 't')`,
    `SELECT file('${passwd}')`,
    `SELECT \`file\`('${passwd}')`,
    `SELECT "file"('${passwd}')`,
    `SELECT \`\\x66ile\`('${passwd}')`,
    `SELECT file /* ' */ ('${passwd}')`,
    `SELECT arrayMap(file, ['${passwd}'])`,
    `SELECT arrayMap({f:Identifier}, ['${passwd}'])`,
    `SELECT $$'$$, file('${passwd}'), $$'$$`,
    `SELECT \u2018'\u2019, file('${passwd}') --'`,
    `SELECT * FROM file('${passwd}', 'LineAsString')`,
    `SELECT * FROM '${passwd}'`,
    `SELECT * FROM \`${passwd}\``,
    `SELECT * FROM loop(file('${passwd}', 'LineAsString'))`,
    `DESCRIBE file('${passwd}')`,
    "SELECT * FROM url('http://127.0.0.1:1', 'CSV', 'a Int8')",
    "SELECT * FROM executable('ls', 'TSV', 'a String')",
  ]
}
