/**
 * When lines of a day, week or month were last imported: such an epoch stays open until 24 h after, so that a rotated
 * copy of the file adds only what is new. Each partition has entries of its own, since each may have a worker of its own.
 */
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { type EpochName, epochKinds, epochOf } from '../../shared/window.ts'

const prefix = 'import/'

/** What one partition knows. */
export class ImportDays {
  readonly #keyValue: KeyValue
  readonly #partition: number
  readonly #appended = new Map<EpochName, number>()
  readonly #changed = new Set<EpochName>()

  constructor(keyValue: KeyValue, partition: number) {
    this.#keyValue = keyValue
    this.#partition = partition
  }

  async load(): Promise<void> {
    for await (const [key, value] of this.#keyValue.scan(prefix)) {
      const { epoch, partition } = parseKey(key)
      if (partition === this.#partition) this.#appended.set(epoch, Number(value.toString()))
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

  async save(): Promise<void> {
    const changed = [...this.#changed]
    this.#changed.clear()
    await Promise.all(
      changed.map((epoch) =>
        this.#keyValue.put(`${prefix}${epoch}/${this.#partition}`, Buffer.from(String(this.#appended.get(epoch) ?? 0))),
      ),
    )
  }
}

/** By epoch, the last append of an imported line of any partition, ms since the Unix epoch. */
export async function lastImports(keyValue: KeyValue): Promise<ReadonlyMap<EpochName, number>> {
  const last = new Map<EpochName, number>()
  for await (const [key, value] of keyValue.scan(prefix)) {
    const { epoch } = parseKey(key)
    last.set(epoch, Math.max(last.get(epoch) ?? 0, Number(value.toString())))
  }
  return last
}

/** An epoch that has closed takes no more lines. */
export async function forgetImports(keyValue: KeyValue, epoch: EpochName): Promise<void> {
  for await (const [key] of keyValue.scan(`${prefix}${epoch}/`)) await keyValue.delete(key)
}

function parseKey(key: string): { epoch: EpochName; partition: number } {
  const [epoch = '', partition] = key.slice(prefix.length).split('/')
  return { epoch: epoch as EpochName, partition: Number(partition) }
}
