/**
 * A test double of a ClickHouse server: chDB, the real engine, behind as much of ClickHouse's HTTP interface as
 * `@clickhouse/client` uses. Run as a process of its own (infra/services/clickhouse-bridge.ts starts it), so that it can
 * be killed, stopped and started again on its data folder.
 *
 * Real: parsing, types, tables, parts, deduplication, mutations, `readonly`, system tables, error codes and texts, and
 * what is on disk after a SIGKILL: all of it is the engine's.
 * Not real, so that nothing about it is proved here: users, passwords, grants and profiles (two users from the settings,
 * the second with `readonly = 1`; no GRANT is looked at, and `file()` reads more than a server's user_files), sessions,
 * quotas, limits on concurrent queries, streaming and progress headers (an answer is always sent whole, as with
 * `wait_end_of_query=1`), compression other than gzip, replication, Keeper and ON CLUSTER, query_log, and the server's
 * own ways of cutting a body into blocks (chDB takes the body in one piece).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { BridgeEngine, type StatementResult } from './bridge-engine.ts'
import { BridgeRefusal, refusalOf } from './bridge-refusal.ts'
import { type Credentials, credentialsOf, statementOf } from './bridge-request.ts'

export interface BridgeSettings {
  dir: string
  port: number
  writer: Credentials
  reader: Credentials
}

const settings: BridgeSettings = JSON.parse(process.env.CLICKHOUSE_BRIDGE ?? '{}')
const engine = new BridgeEngine(settings.dir)
const summaryOf = ({ rowsRead, rowsWritten, elapsedSeconds }: StatementResult) =>
  JSON.stringify({
    read_rows: String(rowsRead),
    read_bytes: '0',
    written_rows: String(rowsWritten),
    written_bytes: '0',
    total_rows_to_read: '0',
    result_rows: String(rowsWritten),
    result_bytes: '0',
    elapsed_ns: String(Math.round(elapsedSeconds * 1e9)),
  })

/** @throws BridgeRefusal for a user or password that is not one of the two */
function userOf(given: Credentials): { readOnly: boolean } {
  for (const [known, readOnly] of [
    [settings.writer, false],
    [settings.reader, true],
  ] as const)
    if (given.user === known.user && given.password === known.password) return { readOnly }
  throw new BridgeRefusal(
    516,
    'AUTHENTICATION_FAILED',
    `${given.user}: Authentication failed: password is incorrect, or there is no user with such name`,
  )
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://bridge')
  if (url.pathname === '/ping') return void response.end('Ok.\n')
  const queryId = url.searchParams.get('query_id') ?? crypto.randomUUID()
  response.setHeader('X-ClickHouse-Query-Id', queryId)
  response.setHeader('X-ClickHouse-Server-Display-Name', 'chdb-bridge')
  response.setHeader('X-ClickHouse-Timezone', 'UTC')
  try {
    const user = userOf(credentialsOf(request, url))
    const statement = await statementOf(request, url, queryId)
    const result = await engine.run(statement, user)
    response.setHeader('X-ClickHouse-Summary', summaryOf(result))
    const zipped =
      url.searchParams.get('enable_http_compression') === '1' && /gzip/.test(String(request.headers['accept-encoding']))
    if (zipped) response.setHeader('Content-Encoding', 'gzip')
    response.end(zipped ? gzipSync(result.body) : result.body)
  } catch (error) {
    const { code, status, text } = refusalOf(error)
    response.writeHead(status, { 'X-ClickHouse-Exception-Code': String(code) }).end(`${text}\n`)
  }
}

const server = createServer({ maxHeaderSize: 1024 ** 2, keepAliveTimeout: 10_000 }, (request, response) => {
  answer(request, response).catch((error) => response.destroy(error))
})
server.listen(settings.port, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))

/** Nobody is left who could stop it: the process that started it has gone. */
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => {
  server.close(() => {
    engine.close()
    process.exit(0)
  })
  server.closeIdleConnections()
})
