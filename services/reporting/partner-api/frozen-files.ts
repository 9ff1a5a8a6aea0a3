/** Reads published bytes, and keeps some: a client that loads one file by ranges asks for it several times. */
import { LRUCache } from 'lru-cache'
import type { Logger } from '../../../shared/logger.ts'
import type { Manifest } from '../../release/manifest.ts'
import type { ReleaseFormat, ReleaseReader } from '../../release/release-store.ts'
import { unreadable } from './partner-problems.ts'
import type { PublishedRelease } from './published.ts'

const keptBytesMax = 64 * 1024 * 1024

export interface FrozenManifest {
  readonly bytes: Buffer
  readonly manifest: Manifest
}

export interface FrozenBytes {
  readonly bytes: Buffer
  /** Lower-case hex; of the bytes, checked when they were read. */
  readonly sha256: string
  readonly mediaType: string
}

export class FrozenFiles {
  readonly #reader: ReleaseReader
  readonly #logger: Logger
  /** By SHA-256: what it names never changes. */
  readonly #kept = new LRUCache<string, Buffer>({
    maxSize: keptBytesMax,
    sizeCalculation: ({ length }) => length + 1,
  })
  readonly #manifests = new LRUCache<string, FrozenManifest>({ max: 2000 })

  constructor(reader: ReleaseReader, logger: Logger) {
    this.#reader = reader
    this.#logger = logger
  }

  /** @throws ProblemError 503 */
  async manifest({ dataset, day, sha256 }: PublishedRelease): Promise<FrozenManifest> {
    const known = this.#manifests.get(sha256)
    if (known) return known
    const bytes = await this.#read(() => this.#reader.manifest(dataset, day, sha256))
    const read = { bytes, manifest: JSON.parse(bytes.toString('utf8')) as Manifest }
    this.#manifests.set(sha256, read)
    return read
  }

  /** @throws ProblemError 503 */
  async file(release: PublishedRelease, format: ReleaseFormat): Promise<FrozenBytes> {
    const { manifest } = await this.manifest(release)
    const { dataset, day } = release
    const named = manifest.files.find((file) => file.format === format)
    if (!named) throw unreadable()
    const { sha256, mediaType } = named
    const kept = this.#kept.get(sha256)
    const bytes = kept ?? (await this.#read(() => this.#reader.file(dataset, day, release.sha256, format, sha256)))
    this.#kept.set(sha256, bytes)
    return { bytes, sha256, mediaType }
  }

  async #read(read: () => Promise<Buffer | undefined>): Promise<Buffer> {
    try {
      const bytes = await read()
      if (bytes) return bytes
      this.#logger.error('a published release is not in the table')
    } catch (error) {
      this.#logger.error({ err: error }, 'a published release cannot be read')
    }
    throw unreadable()
  }
}
