/** The script for pages, made from its source when a process first needs it, and held in memory. */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import { build } from 'esbuild'

/** Gzipped: a page should not notice it. */
export const trackerBytesMax = 1024

export interface TrackerFile {
  readonly plain: Buffer
  readonly gzip: Buffer
  readonly brotli: Buffer
  /** Of the bytes before they are compressed. */
  readonly hash: string
}

let built: Promise<TrackerFile> | undefined

/** Once per process. */
export function trackerFile(): Promise<TrackerFile> {
  built ??= buildTracker()
  return built
}

async function buildTracker(): Promise<TrackerFile> {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, 'page', 'tracker.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2020',
    legalComments: 'none',
    logLevel: 'silent',
  })
  const plain = Buffer.from(outputFiles[0]?.contents ?? [])
  return {
    plain,
    gzip: await promisify(gzip)(plain, { level: 9 }),
    brotli: await promisify(brotliCompress)(plain),
    hash: createHash('sha256').update(plain).digest('base64url').slice(0, 22),
  }
}
