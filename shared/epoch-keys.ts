/**
 * Epoch keys: one random key per UTC day, ISO week and month, made once, held in the secret store alone, destroyed when
 * the epoch closes and never made again. The worker asks for the keys of a day before it runs a batch, so that the
 * pipeline itself stays free of waiting.
 */
import { randomBytes } from 'node:crypto'
import { KeyedHash } from './keyed-hash.ts'
import type { SecretStore } from './keyvalue/port.ts'
import { dayMs, type EpochKind, type EpochName, epochKinds, epochOf } from './window.ts'

const secretPrefix = 'epoch/'
export const epochKeyBytes = 32

/** The keys of the three epochs that a moment falls into. */
export type EpochKeySet = Readonly<Record<EpochKind, KeyedHash>>

export class EpochKeys {
  readonly #secrets: SecretStore
  /** Epochs that are being closed: no key of theirs is used any more, though some still exist. */
  #closing: ReadonlySet<EpochName> = new Set()
  /** By UTC day number; `closed` when any of the three has been destroyed. Bounded by the days that are open. */
  readonly #days = new Map<number, EpochKeySet | 'closed'>()

  /** What `at` gave last: events come mostly day by day. */
  #lastDay = Number.NaN
  #lastKeys: EpochKeySet | 'closed' = 'closed'

  constructor(secrets: SecretStore) {
    this.#secrets = secrets
  }

  /** Makes sure that `at` can answer for `time`: fetches the keys of its day, week and month, making them if new. */
  async prepare(time: number): Promise<void> {
    const day = Math.floor(time / dayMs)
    if (this.#days.has(day)) return
    // Nothing is made for a day that cannot be counted: a key that no close would ever destroy.
    const keys = (await this.isRefused(time))
      ? []
      : await Promise.all(epochKinds.map((kind) => this.#key(epochOf(kind, time))))
    const [dayKey, week, month] = keys
    if (this.#days.size > 2000) this.#forget()
    this.#days.set(day, dayKey && week && month ? { day: dayKey, week, month } : 'closed')
  }

  /** Whether nothing of that time is counted any more: its day, week or month has closed or is being closed. */
  async isRefused(time: number): Promise<boolean> {
    const names = epochKinds.map((kind) => epochOf(kind, time))
    if (names.some((name) => this.#closing.has(name))) return true
    return (await Promise.all(names.map((name) => this.isClosed(name)))).includes(true)
  }

  /** The keys for an event time whose day was prepared; `closed` when its day, week or month has closed. */
  at(time: number): EpochKeySet | 'closed' {
    const day = Math.floor(time / dayMs)
    if (day === this.#lastDay) return this.#lastKeys
    const keys = this.#days.get(day)
    if (keys === undefined) throw new Error('the epoch of this time was not prepared')
    this.#lastDay = day
    this.#lastKeys = keys
    return keys
  }

  /** Living epochs and when their key was made (ms since the Unix epoch), oldest window first. */
  async living(): Promise<{ name: EpochName; createdAt: number }[]> {
    const epochs = (await this.#secrets.list()).filter(({ name }) => name.startsWith(secretPrefix))
    return epochs
      .map(({ name, createdAt }) => ({ name: name.slice(secretPrefix.length) as EpochName, createdAt }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** From now on these are closed for `at`, and their keys are forgotten. Not to be called while a batch runs. */
  refuse(closing: readonly EpochName[]): void {
    this.#closing = new Set(closing)
    this.#forget()
  }

  /** Destroys the key for good. Every day that needed it is closed from now on. */
  async destroy(name: EpochName): Promise<void> {
    this.#forget()
    await this.#secrets.destroy(secretPrefix + name)
    this.#forget()
  }

  #forget(): void {
    this.#days.clear()
    this.#lastDay = Number.NaN
  }

  /** Makes the key of an epoch that has cells and no key. True when there was none; an epoch that has closed gets none. */
  async make(name: EpochName): Promise<boolean> {
    if ((await this.#secrets.read(secretPrefix + name)) !== undefined) return false
    return (await this.#key(name)) !== undefined
  }

  async isClosed(name: EpochName): Promise<boolean> {
    return this.#secrets.isDestroyed(secretPrefix + name)
  }

  async #key(name: EpochName): Promise<KeyedHash | undefined> {
    const secret = await this.#secrets.createOnce(secretPrefix + name, () => randomBytes(epochKeyBytes))
    return secret && new KeyedHash(secret)
  }
}
