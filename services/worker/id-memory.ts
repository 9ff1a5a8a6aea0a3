/**
 * The memory of event ids of one partition: which were seen, under which keys, and the blobs that rebuild it.
 *
 * Key-value entries: `ids/<store>/<log id>/<partition>/live/<first position>` (expires after 24 h + raw retention),
 * `…/import/<day>/<first position>` (removed when the day closes), and `ids-complete/<store>/<log id>/<partition>` (there is
 * a blob of every batch that was committed). A blob is a run of 32-byte entries: the id's fingerprint (id-fingerprint.ts),
 * place and appendedAt as doubles. Writing a batch again overwrites its own blob. The store's name is in the key, so that
 * what a process that knew an earlier store writes late is not taken for memory of this one.
 */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import path from 'node:path'
import type { EpochKeys } from '../../shared/epoch-keys.ts'
import type { Unit } from '../../shared/event.ts'
import type { KeyedHash } from '../../shared/keyed-hash.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { eventIdsMs, latenessMs } from '../../shared/retention/limits.ts'
import { dayMs, utcDay } from '../../shared/window.ts'
import type { OpenedRecord } from './decode.ts'
import { fingerprintBytes, IdFingerprints } from './id-fingerprint.ts'
import { aheadMs, isImport } from './place-in-time.ts'
import { SeenIds } from './seen-ids.ts'
import { Entries, entryBytes } from './seen-ids-entries.ts'

/**
 * As long as a retry of the same event can still be in time: 24 h, and the 5 minutes that its time may have been ahead of
 * its first append. Without them an event sent again a day later would be neither late nor known.
 */
export const idWindowMs = latenessMs + aheadMs + 1
/** Secrets `ids/<day>`; destroyed by retention once no blob made with them is left. */
export const idSecretPrefix = 'ids/'

export interface IdMemoryOptions {
  keyValue: KeyValue
  epochKeys: EpochKeys
  /** The name of the key-value store. */
  storeId: string
  /** Rejects when the store is no longer that one. */
  checkStore: () => Promise<unknown>
  logId: string
  partition: number
  scratchDir: string
  /** Most live ids held in memory; the others are in scratch files. */
  memoryIdsMax?: number | undefined
}

export class IdMemory {
  readonly #options: IdMemoryOptions
  readonly #prefix: string
  readonly #completeKey: string
  readonly #live: SeenIds
  readonly #imports = new Map<string, SeenIds>()
  /** By UTC day number. */
  readonly #liveKeys = new Map<number, IdFingerprints>()
  /** Made from the day's epoch key; gone with it. */
  readonly #importKeys = new WeakMap<KeyedHash, IdFingerprints>()
  #newLive = new EntryList()
  #newImports = new Map<string, EntryList>()
  /** First position of the batch whose blob was written last; undefined: an earlier process may have written the next. */
  #savedFrom: number | undefined

  constructor(options: IdMemoryOptions) {
    this.#options = options
    rmSync(options.scratchDir, { recursive: true, force: true })
    const place = placeOf(options)
    this.#prefix = `ids/${place}/`
    this.#completeKey = `ids-complete/${place}`
    const { memoryIdsMax } = options
    this.#live = SeenIds.open({
      windowMs: idWindowMs,
      scratchDir: path.join(options.scratchDir, 'live'),
      ...(memoryIdsMax !== undefined && { memoryIdsMax }),
    })
  }

  /** Whether the store has the blobs of everything committed. Where not, they are to be made again (rebuild-memory.ts). */
  async isComplete(): Promise<boolean> {
    return (await this.#options.keyValue.get(this.#completeKey)) !== undefined
  }

  /** To be called once they are. From then on every batch adds its own. */
  async markComplete(): Promise<void> {
    await this.#options.keyValue.put(this.#completeKey, Buffer.from('1'))
  }

  /**
   * Rebuilds the memory from the blobs of the batches before.
   * @param firstAppendedAt of the first record still to be run, if it is known: what lies a window before it is of no use
   */
  async load(firstAppendedAt?: number): Promise<void> {
    await this.#loadBlobs(firstAppendedAt)
    // Emptied while it was being read, it would have given less than there was.
    await this.#options.checkStore()
  }

  /** Fetches the keys for ids of records appended on that day and up to the window before. Part of preparing a batch. */
  async prepare(appendedAt: number): Promise<void> {
    const today = Math.floor(appendedAt / dayMs)
    for (const day of [today - 2, today - 1, today]) {
      if (this.#liveKeys.has(day)) continue
      const name = idSecretPrefix + utcDay(day * dayMs)
      const make = day === today || (await this.#options.keyValue.secrets.read(name)) !== undefined
      const key = make ? await this.#options.keyValue.secrets.createOnce(name, () => randomBytes(32)) : undefined
      // A store that has lost everything gives another key, under which nothing that is remembered would be known.
      await this.#options.checkStore()
      if (key) this.#liveKeys.set(day, new IdFingerprints(key))
      else if (day === today)
        throw new Error(
          `the key for event ids of ${utcDay(appendedAt)} has been destroyed, yet its records are still there`,
        )
      for (const old of this.#liveKeys.keys()) if (old < today - 5) this.#liveKeys.delete(old)
    }
  }

  /** Works out the fingerprints of all live ids of a batch at once. Their days must have been prepared. */
  fingerprint(records: readonly OpenedRecord[]): void {
    const byDay = new Map<number, OpenedRecord[]>()
    for (const record of records) {
      if (isImport(record.sender)) continue
      const day = Math.floor(record.sender.appendedAt / dayMs)
      const ofDay = byDay.get(day)
      if (ofDay) ofDay.push(record)
      else byDay.set(day, [record])
    }
    for (const [day, ofDay] of byDay) {
      const units = ofDay.map(({ sender, ids }) => ({ unit: sender.unit, ids }))
      const today = this.#liveKey(day).of(units)
      const earlier = this.#earlierKeys(day, ofDay[0]?.sender.appendedAt ?? 0).map((key) => key.of(units))
      let from = 0
      for (const { sender, ids } of ofDay) {
        sender.fingerprints = { today, earlier, from }
        from += ids.length * fingerprintBytes
      }
    }
  }

  /** The fingerprint of one id under the key of the day of that append. */
  today(appendedAt: number, unit: Unit, id: string): Uint8Array {
    return this.#liveKey(Math.floor(appendedAt / dayMs)).of([{ unit, ids: [id] }])
  }

  /** As `today`, under the keys of the days before that the window reaches back to. */
  earlier(appendedAt: number, unit: Unit, id: string): Uint8Array[] {
    return this.#earlierKeys(Math.floor(appendedAt / dayMs), appendedAt).map((key) => key.of([{ unit, ids: [id] }]))
  }

  /** The fingerprint of an imported id, under the key of the line's own day, which must be open. */
  imported(time: number, unit: Unit, id: string): Uint8Array {
    const keys = this.#options.epochKeys.at(time)
    if (keys === 'closed') throw new Error('an imported line of a closed day came as far as its fingerprint')
    let fingerprints = this.#importKeys.get(keys.day)
    if (!fingerprints) {
      fingerprints = new IdFingerprints(keys.day)
      this.#importKeys.set(keys.day, fingerprints)
    }
    return fingerprints.of([{ unit, ids: [id] }])
  }

  /** @param hashes of ids, 16 bytes each, in the order in which they will be asked about; this one begins at `at` */
  seenBefore(hashes: Uint8Array, place: number, appendedAt: number, at = 0): boolean {
    return this.#live.has(hashes, place, appendedAt, at)
  }

  /** True for a duplicate; else remembers it for this batch's blob too. Parameters as of `seenBefore`. */
  seenLive(hashes: Uint8Array, place: number, appendedAt: number, at = 0): boolean {
    if (this.#live.isDuplicate(hashes, place, appendedAt, at)) return true
    this.#newLive.push(hashes, place, appendedAt, at)
    return false
  }

  seenInImport(time: number, hash: Uint8Array, place: number, appendedAt: number): boolean {
    const day = utcDay(time)
    if (this.#importOf(day).isDuplicate(hash, place, appendedAt)) return true
    let entries = this.#newImports.get(day)
    if (!entries) {
      entries = new EntryList()
      this.#newImports.set(day, entries)
    }
    entries.push(hash, place, appendedAt)
    return false
  }

  /** Starts a batch: what is new from here on belongs to its blob. */
  begin(): void {
    this.#newLive = new EntryList()
    this.#newImports = new Map()
  }

  /**
   * Writes the batch's blobs; to be done before its cells are stored.
   * @param from first position of the batch
   * @param firstAppendedAt of its first record: the batch may be run again, so nothing that it needs is forgotten
   * @param isStored its cells are in the table. Then the blobs that are there hold the ids of just what was counted, though
   * some of it be left out by now: without them it would count once more when it is sent again
   */
  async save(from: number, firstAppendedAt: number, isStored = false): Promise<void> {
    const position = String(from).padStart(16, '0')
    const { keyValue } = this.#options
    const isAgain = this.#savedFrom === undefined || this.#savedFrom === from
    const save = async (key: string, { bytes }: EntryList, ttl?: { ttlMs: number }) => {
      if (isStored && (await keyValue.get(key)) !== undefined) return
      if (bytes.length > 0) await keyValue.put(key, bytes, ttl)
      // An earlier run of this batch may have left the ids of somebody who has chosen since not to be in it.
      else if (isAgain) await keyValue.delete(key)
    }
    const writes = [save(`${this.#prefix}live/${position}`, this.#newLive, { ttlMs: eventIdsMs })]
    // An import's senders have no identifier that a choice could be made for: a day does not vanish from a batch.
    for (const [day, entries] of this.#newImports)
      writes.push(save(`${this.#prefix}import/${day}/${position}`, entries))
    await Promise.all(writes)
    this.#savedFrom = from
    this.#live.expire(firstAppendedAt)
  }

  /** Forgets the imported ids of a day that has closed: its tombstone refuses them from now on. */
  async forgetImports(day: string): Promise<void> {
    this.#imports.get(day)?.close()
    this.#imports.delete(day)
    for await (const [key] of this.#options.keyValue.scan(`${this.#prefix}import/${day}/`))
      await this.#options.keyValue.delete(key)
  }

  close(): void {
    this.#live.close()
    for (const seen of this.#imports.values()) seen.close()
  }

  /** @param appendedAt the first of that day: just after midnight the window reaches back over two */
  #earlierKeys(day: number, appendedAt: number): IdFingerprints[] {
    const firstDay = Math.floor((appendedAt - idWindowMs) / dayMs)
    const keys: IdFingerprints[] = []
    for (let before = day - 1; before >= firstDay; before--) {
      const key = this.#liveKeys.get(before)
      if (key) keys.push(key)
    }
    return keys
  }

  #liveKey(day: number): IdFingerprints {
    const key = this.#liveKeys.get(day)
    if (!key) throw new Error('the day of this record was not prepared')
    return key
  }

  async #loadBlobs(firstAppendedAt: number | undefined): Promise<void> {
    // Without such a record: what comes is appended no earlier than the newest that is known.
    const next = firstAppendedAt ?? (await this.#newestLive())
    for await (const [, blob] of this.#options.keyValue.scan(`${this.#prefix}live/`)) {
      if (newestOf(blob) > next - idWindowMs) remember(this.#live, blob)
    }
    for await (const [key, blob] of this.#options.keyValue.scan(`${this.#prefix}import/`)) {
      remember(this.#importOf(key.slice(this.#prefix.length).split('/')[1] ?? ''), blob)
    }
  }

  async #newestLive(): Promise<number> {
    let newest = 0
    for await (const [, blob] of this.#options.keyValue.scan(`${this.#prefix}live/`))
      newest = Math.max(newest, newestOf(blob))
    return newest
  }

  #importOf(day: string): SeenIds {
    let seen = this.#imports.get(day)
    if (!seen) {
      const scratchDir = path.join(this.#options.scratchDir, `import-${day}`)
      seen = SeenIds.open({ windowMs: Number.POSITIVE_INFINITY, scratchDir, memoryIdsMax: 2 ** 15 })
      this.#imports.set(day, seen)
    }
    return seen
  }
}

/** The entries of one blob, in one growing run: an object per event would cost more than its hash. */
class EntryList {
  #entries = new Entries(64)
  #size = 0

  get bytes(): Buffer {
    return Buffer.from(this.#entries.bytes.buffer, 0, this.#size * entryBytes)
  }

  push(hash: Uint8Array, place: number, appendedAt: number, hashAt = 0): void {
    if (this.#size === this.#entries.capacity) {
      const grown = new Entries(this.#size * 2)
      grown.bytes.set(this.#entries.bytes)
      this.#entries = grown
    }
    this.#entries.set(this.#size++, hash, place, appendedAt, hashAt)
  }
}

type Place = Pick<IdMemoryOptions, 'storeId' | 'logId' | 'partition'>

function placeOf({ storeId, logId, partition }: Place): string {
  return `${storeId}/${logId}/${String(partition).padStart(5, '0')}`
}

const firstBlobs = 100

/**
 * When the oldest id that a partition's blobs have was appended; undefined without any. There may be a blob for each second
 * of four days: the first of them will do, unless they have all expired since the last sweep.
 */
export async function oldestLiveId(keyValue: Pick<KeyValue, 'scan'>, place: Place): Promise<number | undefined> {
  for (const keysMax of [firstBlobs, undefined])
    for await (const [, blob] of keyValue.scan(`ids/${placeOf(place)}/live/`, keysMax))
      if (blob.length >= entryBytes) return blob.readDoubleLE(entryBytes - 8)
  return undefined
}

/** A blob's entries are in the order of the log. */
function newestOf(blob: Buffer): number {
  return blob.readDoubleLE(blob.length - 8)
}

function remember(seen: SeenIds, blob: Buffer): void {
  for (let at = 0; at + entryBytes <= blob.length; at += entryBytes) {
    seen.isDuplicate(blob.subarray(at, at + 16), blob.readDoubleLE(at + 16), blob.readDoubleLE(at + 24))
  }
}
