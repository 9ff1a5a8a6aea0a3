/**
 * Statements of HTTP requests on chDB. Each request gets a connection of its own to the engine, as a request to a
 * server gets a context of its own: settings and parameters are state of a connection, and end with it.
 */
import { Session } from 'chdb'
import { defaultWaits, selectSettings } from '../../shared/warehouse/server-settings.ts'
import { BridgeRefusal } from './bridge-refusal.ts'
import type { StatementRequest } from './bridge-request.ts'

export interface StatementResult {
  body: Uint8Array
  rowsRead: number
  rowsWritten: number
  elapsedSeconds: number
}

/** Settings of a read-only user's profile, as infra/clickhouse/users.sql gives them. */
const readOnlyProfile = Object.entries(selectSettings(defaultWaits)).map(
  ([name, value]) => [name, String(value)] as const,
)

const engineArguments = ['--background_pool_size=2', '--background_schedule_pool_size=2', '--mark_cache_size=67108864']

export class BridgeEngine {
  readonly #dir: string
  readonly #engine: Session

  constructor(dir: string) {
    this.#dir = dir
    this.#engine = new Session(dir, { connectionArgs: engineArguments })
  }

  /** @throws Error in ClickHouse's words */
  async run(request: StatementRequest, user: { readOnly: boolean }): Promise<StatementResult> {
    const connection = new Session(this.#dir)
    try {
      await prepare(connection, request, user.readOnly)
      return request.data === undefined ? await statement(connection, request.sql) : await insert(connection, request)
    } finally {
      connection.close()
    }
  }

  close(): void {
    this.#engine.close()
  }
}

/** Database, parameters and settings. The engine itself refuses what a read-only profile may not change. */
async function prepare(connection: Session, request: StatementRequest, readOnly: boolean): Promise<void> {
  if (request.database) await connection.queryAsync(`USE ${identifier(request.database)}`)
  const { readonly, ...asked } = Object.fromEntries(request.settings)
  const set = (name: string, value: string) => `SET ${identifier(name)} = ${literal(value)}`
  const statements = [
    ...[...request.params].map(([name, value]) => set(`param_${name}`, value)),
    ...(readOnly ? readOnlyProfile.map(([name, value]) => set(name, value)) : []),
    ...(readOnly ? ['SET readonly = 1'] : []),
    ...Object.entries(asked).map(([name, value]) => set(name, value)),
    ...(readonly === undefined ? [] : [set('readonly', readonly)]),
  ]
  if (statements.length > 0) await connection.queryAsync(statements.join(';'))
}

async function statement(connection: Session, sql: string): Promise<StatementResult> {
  await mustBeAServersStatement(connection, sql)
  const result = await connection.queryAsync(sql, { format: 'TabSeparated' })
  return { body: result.bytes(), rowsRead: result.rowsRead, rowsWritten: 0, elapsedSeconds: result.elapsed }
}

const insertStatement =
  /^\s*INSERT\s+INTO\s+([\w.]+)\s*(?:\(([\w\s,]+)\)\s*)?FORMAT\s+(TabSeparated|JSONEachRow|CSV)\s*$/i

async function insert(
  connection: Session,
  { sql, data = Buffer.alloc(0) }: StatementRequest,
): Promise<StatementResult> {
  const [, table, columns, format] = insertStatement.exec(sql) ?? []
  if (table === undefined) return statement(connection, `${sql}\n${data.toString('utf8')}`)
  const written = await connection.insert({
    table,
    values: data,
    format: format as 'TabSeparated',
    ...(columns && { columns: columns.split(',').map((column) => column.trim()) }),
  })
  const { rowsWritten, elapsed } = written
  return { body: Buffer.alloc(0), rowsRead: rowsWritten, rowsWritten, elapsedSeconds: elapsed }
}

/** A server takes one statement at a time and writes no files for a client; chDB, which is client and server, does both. */
async function mustBeAServersStatement(connection: Session, sql: string): Promise<void> {
  const formatted = await connection.queryAsync(`SELECT formatQuerySingleLine(${literal(sql)})`).then(
    (result) => result.text(),
    (error: Error) => (error.message.includes('Multi-statements') ? undefined : ''),
  )
  if (formatted === undefined) throw new BridgeRefusal(62, 'SYNTAX_ERROR', 'Multi-statements are not allowed')
  if (/\bINTO OUTFILE\b/.test(formatted.replace(/'(?:[^'\\]|\\.)*'/g, '')))
    throw new BridgeRefusal(1, 'UNSUPPORTED_METHOD', 'INTO OUTFILE is not allowed')
}

function literal(value: string): string {
  return `'${value.replace(/[\\']/g, '\\$&')}'`
}

function identifier(name: string): string {
  if (!/^\w+$/.test(name)) throw new BridgeRefusal(36, 'BAD_ARGUMENTS', 'a name with odd characters')
  return `\`${name}\``
}
