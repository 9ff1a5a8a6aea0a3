/**
 * Caps on distinct values: a dimension with a rule (a version number) takes at most `cap` different values a UTC day;
 * later ones are `(other)` that day. The values let in are kept in the key-value store before a batch is stored, so that
 * the same batch run again gives the same cells.
 */
import type { Dimension } from '../../shared/catalogue.ts'
import { noValue, otherValue } from '../../shared/event.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { knownValuesMs } from '../../shared/retention/limits.ts'
import { utcDay } from '../../shared/window.ts'

const prefix = 'known-values/'
const ttlMs = knownValuesMs

export class KnownValues {
  readonly #keyValue: KeyValue
  readonly #partition: number
  readonly #values = new Map<string, Set<string>>()
  readonly #changed = new Set<string>()

  /** Each partition has its own list: what one partition's replay gives must not depend on another's progress. */
  constructor(keyValue: KeyValue, partition: number) {
    this.#keyValue = keyValue
    this.#partition = partition
  }

  async load(): Promise<void> {
    for await (const [key, value] of this.#keyValue.scan(this.#key(''))) {
      this.#values.set(key, new Set(JSON.parse(value.toString()) as string[]))
    }
  }

  /** The value itself if it is let in on the day of `time`, else `(other)`. */
  admit(dimension: Dimension, value: string, time: number): string {
    if (dimension.domain.kind !== 'rule' || value === otherValue || value === noValue) return value
    const key = this.#key(`${utcDay(time)}/${dimension.id}`)
    let known = this.#values.get(key)
    if (!known) {
      known = new Set()
      this.#values.set(key, known)
    }
    if (known.has(value)) return value
    if (known.size >= dimension.domain.cap) return otherValue
    known.add(value)
    this.#changed.add(key)
    return value
  }

  /** Writes what was let in since the last save. */
  async save(): Promise<void> {
    for (const key of this.#changed) {
      await this.#keyValue.put(key, Buffer.from(JSON.stringify([...(this.#values.get(key) ?? [])])), { ttlMs })
    }
    this.#changed.clear()
    if (this.#values.size > 1000) this.#values.delete(this.#values.keys().next().value ?? '')
  }

  #key(rest: string): string {
    return `${prefix}${String(this.#partition).padStart(5, '0')}/${rest}`
  }
}
