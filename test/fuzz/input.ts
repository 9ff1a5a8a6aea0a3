/** One input of the fuzzing: a request that began as a valid one, by the campaign's seed and its index. */
import type { RequestHead } from '../../services/collector/protocols/dialect.ts'
import { Draw } from './draw.ts'
import { Encoded } from './encoded.ts'
import { mutateBytes, rawBytes } from './mutate-bytes.ts'
import { mutateValue } from './mutate-value.ts'
import { mutateWire } from './mutate-wire.ts'
import { type Shape, validRequests } from './valid-requests.ts'

export interface Input extends RequestHead {
  /** Of the request that it began as. */
  readonly dialect: string
  readonly headers: Record<string, string>
  readonly body: Buffer
}

const contentTypes = [
  ...['', 'application/json', 'text/plain', 'application/x-www-form-urlencoded', 'application/x-protobuf'],
  ...['application/cloudevents+json', 'application/cloudevents-batch+json', 'application/cloudevents+avro', ';;;'],
]

const byDialect = new Map<string, Shape[]>()
for (const shape of validRequests) byDialect.set(shape.dialect, [...(byDialect.get(shape.dialect) ?? []), shape])

export const fuzzedDialects: readonly string[] = [...byDialect.keys()]

/**
 * Most inputs keep to the form of their dialect: only so does more than the parser see them.
 * @param dialect undefined: drawn as well
 */
export function inputOf(seed: number, index: number, dialect?: string): Input {
  const draw = new Draw(seed, index)
  const shape = draw.of(dialect === undefined ? validRequests : (byDialect.get(dialect) ?? []))
  const kind = draw.number(20)
  const isStructured = kind < 16
  const written = write(shape, isStructured ? mutated(shape, draw) : shape.value)
  const headers = draw.isOneIn(12) ? otherHeaders(shape.headers, draw) : shape.headers
  return requestOf(shape, headers, isStructured ? written : kind < 19 ? mutateBytes(written, draw) : rawBytes(draw))
}

function mutated({ write: form, value }: Shape, draw: Draw): unknown {
  return form === 'protobuf' ? mutateWire(value as Buffer, draw) : mutateValue(value, draw)
}

/** A valid request as it is. */
export function unchanged(shape: Shape): Input {
  return requestOf(shape, shape.headers, write(shape, shape.value))
}

function requestOf({ dialect, method, path, write: form }: Shape, headers: Shape['headers'], written: Buffer): Input {
  const isQuery = form === 'query'
  const url = isQuery ? `${path}?${asciiOnly(written)}` : path
  return { dialect, method, url, headers: { ...headers }, body: isQuery ? Buffer.alloc(0) : written }
}

function write({ write: form }: Shape, value: unknown): Buffer {
  switch (form) {
    case 'protobuf':
      return value as Buffer
    case 'lines':
      return Buffer.from((Array.isArray(value) ? value : [value]).map((line) => JSON.stringify(line)).join('\n'))
    case 'form':
    case 'query':
      return Buffer.from(new URLSearchParams(pairsOf(value)).toString())
    default:
      return Buffer.from(JSON.stringify(value) ?? '')
  }
}

function pairsOf(value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[String(value).slice(0, 2000), '']]
  return Object.entries(value).map(([name, one]) => [name, textOf(one).slice(0, 6000)])
}

function textOf(value: unknown): string {
  if (value instanceof Encoded) return value.toJSON()
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** What an HTTP parser lets through in a request line. */
function asciiOnly(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\x21-\x7e]|#/g, '%')
}

function otherHeaders(headers: Shape['headers'], draw: Draw): Record<string, string> {
  const changed: Record<string, string> = { ...headers }
  const name = draw.of([
    ...Object.keys(headers),
    'content-type',
    'user-agent',
    'authorization',
    'ce-data',
    'sp-anonymous',
  ])
  if (name === 'content-type') changed[name] = draw.of(contentTypes)
  else if (draw.isOneIn(3)) delete changed[name]
  else
    changed[name] = asciiOnly(draw.isOneIn(2) ? rawBytes(draw) : mutateBytes(Buffer.from(changed[name] ?? 'x'), draw))
  return changed
}
