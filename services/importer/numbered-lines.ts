/**
 * A log file as lines with occurrence numbers: the third time the same line stands in the file, it is occurrence 3, and
 * so an event of its own. The same file again, or a rotated copy of it, numbers them the same.
 */
import { hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'

export interface NumberedLine {
  /** 1 for the first time this very line is met. */
  occurrence: number
  line: string
}

/** Lines longer than this are cut out and counted as malformed: no web server writes them. */
export const lineBytesMax = 65_536
/** Equal lines carry the same second, so they stand near each other; this many distinct lines are remembered. */
const rememberedLines = 500_000

/**
 * Lines of a file, plain or gzip (told by its first bytes), as latin1 text so that every byte survives.
 * @param onBytes told how many bytes of the file have been read
 */
export async function* numberedLines(file: string, onBytes: (bytes: number) => void): AsyncGenerator<NumberedLine> {
  const seen = new Map<string, number>()
  const older = new Map<string, number>()
  for await (const line of lines(await openBytes(file, onBytes))) {
    const key = hash('sha256', line, 'base64').slice(0, 22)
    const occurrence = (seen.get(key) ?? older.get(key) ?? 0) + 1
    seen.set(key, occurrence)
    if (seen.size >= rememberedLines) {
      older.clear()
      for (const [one, count] of seen) older.set(one, count)
      seen.clear()
    }
    yield { occurrence, line }
  }
}

async function openBytes(file: string, onBytes: (bytes: number) => void): Promise<AsyncIterable<Buffer>> {
  const handle = await open(file, 'r')
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0)
  await handle.close()
  const isGzip = buffer[0] === 0x1f && buffer[1] === 0x8b
  const bytes = createReadStream(file, { highWaterMark: 256 * 1024 })
  bytes.on('data', (chunk) => onBytes(chunk.length))
  if (!isGzip) return bytes as AsyncIterable<Buffer>
  const gunzip = createGunzip()
  bytes.on('error', (error) => gunzip.destroy(error))
  return bytes.pipe(gunzip) as AsyncIterable<Buffer>
}

async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of chunks) {
    const parts = (rest + chunk.toString('latin1')).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part.trim() !== '') yield part.replace(/\r$/, '')
    // Keeps the start, which is enough to call it malformed, and not the gigabyte that may follow.
    if (rest.length > lineBytesMax * 2) rest = rest.slice(0, lineBytesMax + 1)
  }
  if (rest.trim() !== '') yield rest.replace(/\r$/, '')
}
