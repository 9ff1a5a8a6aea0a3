/**
 * A country database of one network, in MaxMind's format: a binary tree with one way through it, a record, and the
 * description. Nobody's real addresses are needed to see an address become a country.
 */
import { writeFile } from 'node:fs/promises'

const recordBits = 24
/** Zero bytes between the tree and the data. */
const gapBytes = 16
const metadataStart = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex')

/** @param network its first two numbers: `198.19` is 198.19.0.0/16 @param country ISO 3166-1 alpha-2 */
export async function writeCountryDatabase(file: string, network: string, country: string): Promise<void> {
  const bits = [...Buffer.from(network.split('.').map(Number))].flatMap((byte) =>
    Array.from({ length: 8 }, (_, at) => (byte >> (7 - at)) & 1),
  )
  const nothing = bits.length
  const found = bits.length + gapBytes
  const tree = bits.flatMap((bit, node) => {
    const next = node + 1 < bits.length ? node + 1 : found
    return bit === 1 ? [nothing, next] : [next, nothing]
  })
  const metadata = map({
    binary_format_major_version: number(2),
    binary_format_minor_version: number(0),
    build_epoch: number(1),
    database_type: text('Test-Country'),
    description: map({}),
    ip_version: number(4),
    languages: Buffer.from([0, 4]),
    node_count: number(bits.length),
    record_size: number(recordBits),
  })
  const data = map({ country: map({ iso_code: text(country) }) })
  await writeFile(file, Buffer.concat([...tree.map(record), Buffer.alloc(gapBytes), data, metadataStart, metadata]))
}

function record(value: number): Buffer {
  const bytes = Buffer.alloc(recordBits / 8)
  bytes.writeUIntBE(value, 0, bytes.length)
  return bytes
}

/** The type is in the upper three bits, the length in the lower five. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([(2 << 5) | value.length]), Buffer.from(value)])
}

function number(value: number): Buffer {
  return Buffer.from([(5 << 5) | 2, value >> 8, value & 255])
}

function map(members: Record<string, Buffer>): Buffer {
  const entries = Object.entries(members)
  return Buffer.concat([Buffer.from([(7 << 5) | entries.length]), ...entries.flatMap(([key, of]) => [text(key), of])])
}
