/** A release's files as a partner reads them. */
import type { ReleaseSpecification } from '../../../services/release/release-types.ts'
import type { PublishedRow } from './scene.ts'

/** RFC 4180 as far as release files use it: no value of the scenes has a quote or a line break in it. */
export function readCsv(bytes: Uint8Array, specification: ReleaseSpecification): PublishedRow[] {
  const [head = '', ...lines] = Buffer.from(bytes).toString().trimEnd().split('\r\n')
  const names = fields(head)
  return lines.map((line) => {
    const read = fields(line)
    return rowOf(new Map(names.map((name, index) => [name, read[index] || null])), specification)
  })
}

export function readNdjson(bytes: Uint8Array, specification: ReleaseSpecification): PublishedRow[] {
  const lines = Buffer.from(bytes).toString().trimEnd().split('\n')
  return lines.map((line) => {
    const read = JSON.parse(line) as Record<string, string | number | null>
    return rowOf(new Map(Object.entries(read).map(([name, value]) => [name, value && String(value)])), specification)
  })
}

function fields(line: string): string[] {
  return line.split(',').map((field) => field.replace(/^"(.*)"$/, '$1'))
}

function rowOf(read: ReadonlyMap<string, string | 0 | null>, { dimensions, sums }: ReleaseSpecification): PublishedRow {
  const number = (name: string) => {
    const text = read.get(name)
    return text === null || text === undefined ? null : BigInt(text)
  }
  return {
    level: String(read.get('level')),
    values: dimensions.map((id) => read.get(id) || null),
    devices: number('devices') ?? 0n,
    sums: sums.map(number),
  }
}
