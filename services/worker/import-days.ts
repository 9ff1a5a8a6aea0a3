/**
 * When lines of a day, week or month were last imported: such an epoch stays open until 24 h after, so that a rotated
 * copy of the file adds only what is new.
 */
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { type EpochName, epochKinds, epochOf } from '../../shared/window.ts'

const prefix = 'import/'

export class ImportDays {
  readonly #keyValue: KeyValue
  readonly #appended = new Map<EpochName, number>()
  readonly #changed = new Set<EpochName>()

  constructor(keyValue: KeyValue) {
    this.#keyValue = keyValue
  }

  async load(): Promise<void> {
    for await (const [key, value] of this.#keyValue.scan(prefix)) {
      this.#appended.set(key.slice(prefix.length) as EpochName, Number(value.toString()))
    }
  }

  /** A line of that event time was appended to the log at that moment. */
  appended(time: number, appendedAt: number): void {
    for (const kind of epochKinds) {
      const epoch = epochOf(kind, time)
      if ((this.#appended.get(epoch) ?? 0) >= appendedAt) continue
      this.#appended.set(epoch, appendedAt)
      this.#changed.add(epoch)
    }
  }

  /** Last append of an imported line of the epoch, ms since the Unix epoch; undefined when there was none. */
  lastAppend(epoch: EpochName): number | undefined {
    return this.#appended.get(epoch)
  }

  async save(): Promise<void> {
    const changed = [...this.#changed]
    this.#changed.clear()
    await Promise.all(
      changed.map((epoch) => this.#keyValue.put(prefix + epoch, Buffer.from(String(this.#appended.get(epoch) ?? 0)))),
    )
  }

  async forget(epoch: EpochName): Promise<void> {
    this.#appended.delete(epoch)
    await this.#keyValue.delete(prefix + epoch)
  }
}
