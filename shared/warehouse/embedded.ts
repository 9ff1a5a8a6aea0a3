/**
 * The warehouse in this process: chDB behind the ClickHouse client, so that a server needs another connection only.
 * The engine has one data folder per process; several connections to it may be open.
 */
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { drainPending, Session } from 'chdb'
import { type ChdbConnection, createChdbConnection } from 'chdb/connection'
import { makeDirectory } from '../durable-file.ts'
import { InTurn } from '../in-turn.ts'
import { checkBlock } from './check-block.ts'
import { exportSqlBytesMax, settingsClause } from './export.ts'
import { type InsertBlock, insertBytesMax, type Warehouse, WarehouseError, type WarehouseReader } from './port.ts'
import { forgetQuotedRows } from './quoted-rows.ts'
import { harmlessTableFunctions, mustBeOneSelect } from './read-guard.ts'

/** Server settings, which only the first connection of a process can give. The defaults are those of a large server. */
const engineArguments = [
  '--background_pool_size=2',
  '--background_schedule_pool_size=2',
  '--mark_cache_size=67108864',
  '--primary_index_cache_size=67108864',
  '--query_condition_cache_size=16777216',
]

/** Settings of every statement on a connection. They are set once: the engine keeps them as the connection's state. */
const selectSettings = {
  output_format_json_quote_64bit_integers: 1,
  max_threads: 2,
  max_execution_time: 60,
  max_memory_usage: 1024 ** 3,
}
const writerSettings = {
  ...selectSettings,
  max_execution_time: 0,
  max_memory_usage: 2 * 1024 ** 3,
  // A command resolves when it has been carried out whole.
  mutations_sync: 2,
  alter_sync: 2,
  lightweight_deletes_sync: 2,
}

/**
 * Settings of one insert: what makes it one part, and its token. They stand in the statement itself, since what is
 * SET stays on the connection and an old token would silently drop a later insert.
 */
const insertSettings = {
  async_insert: 0,
  deduplicate_insert: 'enable',
  insert_deduplicate: 1,
  max_insert_threads: 1,
  // The rows of a block are cells already, each key once: merging them on the way in would copy every state.
  optimize_on_insert: 0,
  input_format_parallel_parsing: 0,
  max_insert_block_size: 1024 ** 2,
  min_insert_block_size_rows: 1024 ** 2,
  min_insert_block_size_bytes: 1024 ** 3,
  max_query_size: 2 * insertBytesMax,
}

/** Opens or makes the tables in `dir`. Durability of inserts is a setting of the table (schema.ts). */
export async function openEmbeddedWarehouse(options: { dir: string }): Promise<Warehouse> {
  const { dir } = options
  await makeDirectory(dir)
  const engine = new Session(dir, { connectionArgs: engineArguments })
  try {
    return new EmbeddedWarehouse(dir, engine, await connect(dir, writerSettings))
  } catch (error) {
    engine.close()
    throw error
  }
}

interface Connected {
  connection: ChdbConnection
  client: ClickHouseClient
}

type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>

async function connect(dir: string, settings: Record<string, number>): Promise<Connected> {
  const connection = createChdbConnection({ path: dir })
  // Structurally the same; chdb's types come from another copy of the client's declarations.
  const client = createClient({ connection: connection as unknown as ClientConnection })
  for (const [name, value] of Object.entries(settings)) await client.command({ query: `SET ${name} = ${value}` })
  return { connection, client }
}

class EmbeddedReader implements WarehouseReader {
  readonly #client: ClickHouseClient
  readonly #turns = new InTurn()
  readonly #tableFunctions: ReadonlySet<string>
  readonly #warehouse: EmbeddedWarehouse
  #closed = false

  constructor({ client }: Connected, tableFunctions: ReadonlySet<string>, warehouse: EmbeddedWarehouse) {
    this.#client = client
    this.#tableFunctions = tableFunctions
    this.#warehouse = warehouse
  }

  get written(): number | undefined {
    return this.#warehouse.written
  }

  async select<Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]> {
    if (this.#closed) throw new Error('this reader of the warehouse is closed')
    mustBeOneSelect(sql, this.#tableFunctions)
    return await this.#turns.run(() => selectRows<Row>(this.#client, sql, params))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turns.idle()
    await this.#client.close()
  }
}

class EmbeddedWarehouse implements Warehouse {
  readonly #dir: string
  readonly #engine: Session
  readonly #connected: Connected
  readonly #readers: EmbeddedReader[] = []
  /** One statement at a time: settings and parameters are state of the connection. */
  readonly #turns = new InTurn()
  /** How many writes have ended. A folder is one process's, so nobody else writes. */
  #written = 0
  #isWriting = false
  #closed = false

  constructor(dir: string, engine: Session, connected: Connected) {
    this.#dir = dir
    this.#engine = engine
    this.#connected = connected
  }

  get written(): number | undefined {
    return this.#isWriting ? undefined : this.#written
  }

  select<Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]> {
    return this.#run(({ client }) => selectRows<Row>(client, sql, params))
  }

  async command(sql: string, params?: Record<string, unknown>): Promise<void> {
    await this.#write(({ client }) => client.command({ query: sql, ...(params && { query_params: params }) }))
  }

  async insert(block: InsertBlock): Promise<void> {
    const { table, columns, rows, token } = block
    const values = Buffer.from(block.lines, 'utf8')
    checkBlock(block, values)
    await this.#write(async ({ connection, client }) => {
      const settings = { ...insertSettings, insert_deduplication_token: token }
      const format = 'TabSeparated'
      const insert = connection.chdb.rawInsert({ table, columns, settings, values, format })
      const written = await insert.catch(async (error) => {
        await forgetQuotedRows({
          select: (sql) => selectRows(client, sql),
          command: (query) => client.command({ query }),
        })
        return withoutRows(error)
      })
      // The engine counts what it parsed, also when the token made it drop the block.
      if (written.rowsWritten !== rows) throw new Error(`the engine took ${written.rowsWritten} of ${rows} rows`)
    })
  }

  async exportBytes(sql: string, format: string, settings: Readonly<Record<string, string | number>> = {}) {
    const query = `${sql} FORMAT ${format} ${settingsClause({ ...settings, max_query_size: exportSqlBytesMax })}`
    return await this.#run(async ({ client }) => {
      const { stream } = await client.exec({ query })
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks)
    })
  }

  async tableBytes(): Promise<number> {
    const [row] = await this.select<{ bytes: string }>(
      'SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase()',
    )
    return Number(row?.bytes ?? 0)
  }

  async reader(): Promise<WarehouseReader> {
    return await this.#run(async ({ client }) => {
      const named = await selectRows<{ name: string }>(client, 'SELECT lower(name) AS name FROM system.table_functions')
      const refused = named.map(({ name }) => name).filter((name) => !harmlessTableFunctions.has(name))
      // readonly comes last: after it the engine refuses every other setting, for good.
      const connected = await connect(this.#dir, { ...selectSettings, readonly: 1 })
      const reader = new EmbeddedReader(connected, new Set(refused), this)
      this.#readers.push(reader)
      return reader
    })
  }

  /** Waits for running statements; closes its readers too, since the engine stops with the last connection. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turns.idle()
    for (const reader of this.#readers) await reader.close()
    await this.#connected.client.close()
    this.#engine.close()
    await drainPending()
  }

  /** In the midst of it nothing is told: one reading can find the tables as before and the next as after. */
  async #write(statement: (connected: Connected) => Promise<unknown>): Promise<void> {
    await this.#run(async (connected) => {
      this.#isWriting = true
      try {
        await statement(connected)
      } finally {
        this.#written++
        this.#isWriting = false
      }
    })
  }

  async #run<T>(statement: (connected: Connected) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('the warehouse is closed')
    return await this.#turns.run(() => statement(this.#connected))
  }
}

/** Rethrows without what the engine quoted of the block. */
function withoutRows(error: unknown): never {
  const { clickhouseCode, message } = error as { clickhouseCode?: number; message?: string }
  const label = /\(([A-Z][A-Z_]+)\)[^A-Z]*$/.exec(message ?? '')?.[1] ?? 'UNKNOWN'
  throw new WarehouseError('an insert', clickhouseCode, label)
}

async function selectRows<Row>(
  client: ClickHouseClient,
  sql: string,
  params?: Record<string, unknown>,
): Promise<Row[]> {
  const result = await client.query({ query: sql, format: 'JSONEachRow', ...(params && { query_params: params }) })
  return await result.json<Row>()
}
