/** What a request to ClickHouse's HTTP interface asks for. */
import type { IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { BridgeRefusal } from './bridge-refusal.ts'

export interface StatementRequest {
  queryId: string
  database: string | undefined
  sql: string
  /** The rows of an INSERT; undefined when the body was the statement itself. */
  data: Buffer | undefined
  /** Values of `{name:Type}` as ClickHouse's escaped text. */
  params: ReadonlyMap<string, string>
  settings: ReadonlyMap<string, string>
}

export interface Credentials {
  user: string
  password: string
}

const bodyBytesMax = 256 * 1024 * 1024

/** Parameters of the HTTP interface itself; every other one is a setting. */
const interfaceParameters = new Set([
  'query',
  'query_id',
  'database',
  'user',
  'password',
  'default_format',
  'wait_end_of_query',
  'buffer_size',
])
const missingParameters = new Set(['session_id', 'session_check', 'session_timeout', 'role', 'compress', 'decompress'])

export function credentialsOf(request: IncomingMessage, url: URL): Credentials {
  const { authorization = '', ...headers } = request.headers
  if (authorization.startsWith('Basic ')) {
    const text = Buffer.from(authorization.slice(6), 'base64').toString()
    const colon = text.indexOf(':')
    return { user: text.slice(0, colon), password: text.slice(colon + 1) }
  }
  const header = (name: string) => headers[name] as string | undefined
  return {
    user: header('x-clickhouse-user') ?? url.searchParams.get('user') ?? 'default',
    password: header('x-clickhouse-key') ?? url.searchParams.get('password') ?? '',
  }
}

/** @throws BridgeRefusal */
export async function statementOf(request: IncomingMessage, url: URL, queryId: string): Promise<StatementRequest> {
  const params = new Map<string, string>()
  const settings = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    if (missingParameters.has(name)) throw new BridgeRefusal(48, 'NOT_IMPLEMENTED', `the bridge has no ${name}`)
    if (name.startsWith('param_')) params.set(name.slice('param_'.length), value)
    else if (!interfaceParameters.has(name)) settings.set(name, value)
  }
  const body = await bodyOf(request)
  const inUrl = url.searchParams.get('query')
  const database = url.searchParams.get('database') ?? (request.headers['x-clickhouse-database'] as string | undefined)
  const rest = { queryId, database, params, settings }
  const type = request.headers['content-type'] ?? ''
  if (type.startsWith('multipart/form-data'))
    return { ...rest, sql: await fromForm(body, type, params), data: undefined }
  return inUrl === null
    ? { ...rest, sql: body.toString('utf8'), data: undefined }
    : { ...rest, sql: inUrl, data: body.length > 0 ? body : undefined }
}

async function fromForm(body: Buffer, type: string, params: Map<string, string>): Promise<string> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  for (const [name, value] of form) if (name.startsWith('param_')) params.set(name.slice(6), String(value))
  return String(form.get('query') ?? '')
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new BridgeRefusal(307, 'TOO_MANY_BYTES', 'the body is larger than the bridge takes')
    chunks.push(chunk)
  }
  const sent = Buffer.concat(chunks)
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding === 'identity') return sent
  if (encoding === 'gzip') return gunzipSync(sent, { maxOutputLength: bodyBytesMax })
  throw new BridgeRefusal(89, 'UNKNOWN_COMPRESSION_METHOD', `Unknown compression method: ${encoding}`)
}
