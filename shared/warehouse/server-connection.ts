/** Statements to a ClickHouse server over HTTP, each with its own settings and its own deadline. */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { ConfigError } from '../config.ts'
import { WarehouseUnavailableError } from './port.ts'
import type { ServerAddress } from './server-address.ts'
import { failureOf, isStaleSocket } from './server-failure.ts'
import type { StatementSettings } from './server-settings.ts'

export interface Deadline {
  waitMs: number
  settings: StatementSettings
  /** For messages, such as 'an insert'. */
  what: string
}

type Summary = NonNullable<Awaited<ReturnType<ClickHouseClient['command']>>['summary']>

const connectionsMax = 10
/** ClickHouse closes an idle connection after 3 s (older ones) or 10 s: ours goes first. */
const idleSocketMs = 2500

export class ServerConnection {
  readonly #client: ClickHouseClient
  readonly #address: ServerAddress
  readonly #running = new Set<Promise<unknown>>()
  #closed = false

  /** @param database '' for none: until it has been made */
  constructor(address: ServerAddress, database: string) {
    this.#address = address
    this.#client = createClient({
      url: address.origin,
      username: address.user,
      password: address.password,
      // The client leaves out this one name; the user's own default is used then.
      database: database || 'default',
      application: 'headcount',
      max_open_connections: connectionsMax,
      // Every statement has its deadline; the client's own clock only counts silence.
      request_timeout: 2 ** 31 - 1,
      keep_alive: { enabled: true, idle_socket_ttl: idleSocketMs, eagerly_destroy_stale_sockets: true },
      // Its messages show statements and parameters.
      log: { level: ClickHouseLogLevel.OFF },
      // A long list of parameters does not fit a URL.
      use_multipart_params_auto: true,
      // An answer comes whole or as an error, never as half of each.
      clickhouse_settings: { wait_end_of_query: 1 },
      ...(address.gzip && { compression: { request: { codec: 'gzip', level: 1 } } }),
      ...(address.caFile && { tls: { ca_cert: certificate(address.caFile, address.variable) } }),
    })
  }

  /** Rows as objects. Asked once more when the socket turns out to be stale. */
  async select<Row>(sql: string, params: Record<string, unknown> | undefined, deadline: Deadline): Promise<Row[]> {
    const once = (abort_signal: AbortSignal) => this.#rows<Row>(sql, params, deadline, abort_signal)
    return await this.#run(deadline, (signal) =>
      once(signal).catch((error) => {
        if (!isStaleSocket(error) || signal.aborted) throw error
        return once(signal)
      }),
    )
  }

  async command(sql: string, params: Record<string, unknown> | undefined, deadline: Deadline): Promise<void> {
    await this.#run(deadline, async (abort_signal) => {
      const { summary } = await this.#client.command({
        query: sql,
        clickhouse_settings: deadline.settings,
        abort_signal,
        ...(params && { query_params: params }),
      })
      mustBeClickHouses(summary)
    })
  }

  /** The body of the answer as it comes. */
  async exportBytes(query: string, format: string, deadline: Deadline): Promise<Buffer> {
    return await this.#run(deadline, async (abort_signal) => {
      const { stream } = await this.#client.exec({
        query: `${query} FORMAT ${format}`,
        clickhouse_settings: deadline.settings,
        abort_signal,
      })
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks)
    })
  }

  /** @returns the rows that the server says it took */
  async insert(
    target: { table: string; columns: readonly string[] },
    values: Buffer,
    deadline: Deadline,
  ): Promise<number> {
    const [first, ...others] = target.columns
    if (first === undefined) throw new RangeError('an insert needs columns')
    return await this.#run(deadline, async (abort_signal) => {
      const { summary } = await this.#client.insert({
        table: target.table,
        columns: [first, ...others],
        format: 'TabSeparated',
        values: Readable.from([values], { objectMode: false }),
        clickhouse_settings: deadline.settings,
        abort_signal,
      })
      return Number(mustBeClickHouses(summary).written_rows)
    })
  }

  /** Waits for running statements, which their deadlines end. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.allSettled(this.#running)
    await this.#client.close()
  }

  async #rows<Row>(
    query: string,
    params: Record<string, unknown> | undefined,
    { settings }: Deadline,
    abort_signal: AbortSignal,
  ): Promise<Row[]> {
    const result = await this.#client.query({
      query,
      format: 'JSONEachRow',
      clickhouse_settings: settings,
      abort_signal,
      ...(params && { query_params: params }),
    })
    // The client's care for the signal ends with the head of the answer.
    const giveUp = () => result.close()
    abort_signal.addEventListener('abort', giveUp)
    try {
      return await result.json<Row>()
    } finally {
      abort_signal.removeEventListener('abort', giveUp)
    }
  }

  async #run<T>({ waitMs, what }: Deadline, statement: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('the warehouse is closed')
    const signal = AbortSignal.timeout(waitMs)
    const running = statement(signal).catch((error) => {
      if (signal.aborted)
        throw new WarehouseUnavailableError(
          `ClickHouse at ${this.#address.origin} did not answer ${what} within ${waitMs} ms`,
        )
      throw error
    })
    this.#running.add(running)
    try {
      return await running
    } catch (error) {
      throw error instanceof WarehouseUnavailableError ? error : failureOf(error, what, this.#address)
    } finally {
      this.#running.delete(running)
    }
  }
}

/** A proxy that says 200 for a server that is away has carried nothing out. */
function mustBeClickHouses(summary: Summary | undefined): Summary {
  if (summary === undefined) throw new Error('an answer without X-ClickHouse-Summary')
  return summary
}

function certificate(file: string, variable: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ConfigError(
      `${variable}: the file of ?ca= cannot be read: ${file} (${(error as { code?: string }).code})`,
    )
  }
}
