/**
 * The warehouse on a ClickHouse server, over HTTP. Statements run side by side: each is a request of its own with all of
 * its settings. Nothing that writes is tried again here: whether an insert was carried out when the connection broke, the
 * worker's mark knows.
 */
import { checkBlock } from './check-block.ts'
import { exportSqlBytesMax } from './export.ts'
import {
  type InsertBlock,
  type Warehouse,
  WarehouseError,
  type WarehouseReader,
  WarehouseUnavailableError,
} from './port.ts'
import { forgetQuotedRows } from './quoted-rows.ts'
import { harmlessTableFunctions, mustBeOneSelect } from './read-guard.ts'
import { parseServerAddress, type ServerAddress } from './server-address.ts'
import { ServerConnection } from './server-connection.ts'
import { prepareDatabase, serverSettings } from './server-preparation.ts'
import {
  commandSettings,
  defaultWaits,
  insertSettings,
  knownSettings,
  readerSettings,
  replicatedInsertSettings,
  replicatedSelectSettings,
  type ServerWaits,
  type StatementSettings,
  selectSettings,
} from './server-settings.ts'

export interface ServerWarehouseOptions {
  /** `http(s)://user:password@host:8123/database`; without a database it is `headcount`; parameters: server-address.ts. */
  url: string
  /**
   * The same tables for a user that may only read (on a cluster: the Distributed ones). Without it readers are the
   * writer's user with `readonly = 1`.
   */
  readerUrl?: string | undefined
  waits?: Partial<ServerWaits>
  warn: (message: string) => void
}

/**
 * Connects, and makes the database if it is missing.
 * @throws ConfigError naming the setting; WarehouseUnavailableError when waiting may help
 */
export async function openServerWarehouse(options: ServerWarehouseOptions): Promise<Warehouse> {
  const address = parseServerAddress(options.url, 'HEADCOUNT_WAREHOUSE_URL')
  const readerAddress = options.readerUrl
    ? parseServerAddress(options.readerUrl, 'HEADCOUNT_WAREHOUSE_READER_URL', address.database)
    : address
  const waits = { ...defaultWaits, ...options.waits }
  await prepareDatabase(address, waits)
  const { replicated } = address
  const connection = new ServerConnection(address, address.database)
  try {
    const known = new Set((await serverSettings(connection, waits)).keys())
    const settings = {
      select: knownSettings({ ...selectSettings(waits), ...(replicated && replicatedSelectSettings) }, known),
      insert: knownSettings({ ...insertSettings(waits), ...(replicated && replicatedInsertSettings) }, known),
      command: knownSettings(commandSettings, known),
    }
    return new ServerWarehouse(connection, settings, readerAddress, { ...options, waits })
  } catch (error) {
    await connection.close()
    throw error
  }
}

class ServerReader implements WarehouseReader {
  readonly #connection: ServerConnection
  readonly #settings: StatementSettings
  readonly #tableFunctions: ReadonlySet<string>
  readonly #waitMs: number

  constructor(
    connection: ServerConnection,
    settings: StatementSettings,
    tableFunctions: ReadonlySet<string>,
    waitMs: number,
  ) {
    this.#connection = connection
    this.#settings = settings
    this.#tableFunctions = tableFunctions
    this.#waitMs = waitMs
  }

  async select<Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]> {
    mustBeOneSelect(sql, this.#tableFunctions)
    const deadline = { waitMs: this.#waitMs, settings: this.#settings, what: "a reader's SELECT" }
    return await this.#connection.select<Row>(sql, params, deadline)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}

class ServerWarehouse implements Warehouse {
  readonly #connection: ServerConnection
  readonly #settings: Record<'select' | 'insert' | 'command', StatementSettings>
  readonly #readerAddress: ServerAddress
  readonly #options: ServerWarehouseOptions & { waits: ServerWaits }
  readonly #readers: ServerReader[] = []

  constructor(
    connection: ServerConnection,
    settings: Record<'select' | 'insert' | 'command', StatementSettings>,
    readerAddress: ServerAddress,
    options: ServerWarehouseOptions & { waits: ServerWaits },
  ) {
    this.#connection = connection
    this.#settings = settings
    this.#readerAddress = readerAddress
    this.#options = options
  }

  async select<Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]> {
    const { selectMs: waitMs } = this.#options.waits
    return await this.#connection.select<Row>(sql, params, {
      waitMs,
      settings: this.#settings.select,
      what: 'a SELECT',
    })
  }

  async command(sql: string, params?: Record<string, unknown>): Promise<void> {
    const { commandMs: waitMs } = this.#options.waits
    const what = `"${/^\s*(\w+(?:\s+\w+)?)/.exec(sql)?.[1] ?? 'a command'} …"`
    await this.#connection.command(sql, params, { waitMs, settings: this.#settings.command, what })
  }

  async insert(block: InsertBlock): Promise<void> {
    const values = Buffer.from(block.lines, 'utf8')
    checkBlock(block, values)
    const { insertMs: waitMs } = this.#options.waits
    const settings = { ...this.#settings.insert, insert_deduplication_token: block.token }
    const taken = await this.#connection
      .insert(block, values, { waitMs, settings, what: 'an insert' })
      .catch(async (error) => {
        if (error instanceof WarehouseError) await forgetQuotedRows(this).catch(() => undefined)
        throw error
      })
    // What was parsed is counted, also when the token made the server drop the block; a view on the table adds its rows.
    if (taken < block.rows)
      throw new WarehouseUnavailableError(
        `the server says that it took ${taken} of the ${block.rows} rows of an insert`,
      )
  }

  async exportBytes(sql: string, format: string, settings: Readonly<Record<string, string | number>> = {}) {
    const { selectMs: waitMs } = this.#options.waits
    const deadline = {
      waitMs,
      settings: { ...this.#settings.select, ...settings, max_query_size: exportSqlBytesMax },
      what: 'an export',
    }
    return await this.#connection.exportBytes(sql, format, deadline)
  }

  async tableBytes(): Promise<number> {
    const [row] = await this.select<{ bytes: string }>(
      'SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase()',
    )
    return Number(row?.bytes ?? 0)
  }

  /** @throws ConfigError when the read-only user cannot read as it must */
  async reader(): Promise<WarehouseReader> {
    const { readerUrl, waits, warn } = this.#options
    const { database, user } = this.#readerAddress
    const connection = new ServerConnection(this.#readerAddress, database)
    try {
      const has = await serverSettings(connection, waits)
      if (!readerUrl)
        warn('reporting reads with the user that also writes; HEADCOUNT_WAREHOUSE_READER_URL gives it one that cannot')
      else if (has.get('readonly') === '0')
        warn(`the ClickHouse user "${user}" of HEADCOUNT_WAREHOUSE_READER_URL is not read-only on the server`)
      const settings = readerSettings(selectSettings(waits), has, user)
      const reader = new ServerReader(connection, settings, await this.#refusedTableFunctions(), waits.selectMs)
      this.#readers.push(reader)
      return reader
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** Waits for running statements. Closes its readers too. */
  async close(): Promise<void> {
    await Promise.all([...this.#readers.map((reader) => reader.close()), this.#connection.close()])
  }

  async #refusedTableFunctions(): Promise<Set<string>> {
    const named = await this.select<{ name: string }>('SELECT lower(name) AS name FROM system.table_functions')
    return new Set(named.map(({ name }) => name).filter((name) => !harmlessTableFunctions.has(name)))
  }
}
