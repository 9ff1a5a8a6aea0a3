/**
 * Quarantine: for events that should not have been lost, an entry with reason, shape and place, and no value. One entry
 * per event, by its place in the log, so that a batch run again leaves no second one; bounded; kept 30 days.
 */
import type { Drop } from '../../shared/drop-reason.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { quarantineMs } from '../../shared/retention/limits.ts'

const prefix = 'quarantine/'
const ttlMs = quarantineMs
/** Of one batch; a sender that sends nothing but rubbish shows well enough in so many. */
const entriesPerBatchMax = 1000

export interface QuarantineEntry {
  reason: string
  shape: string
  /** RFC 3339 */
  appendedAt: string
}

export class Quarantine {
  readonly #keyValue: KeyValue
  readonly #prefix: string
  #entries = new Map<string, QuarantineEntry>()
  #savedFrom: number | undefined
  #saved: ReadonlySet<string> = new Set()

  constructor(keyValue: KeyValue, logId: string, partition: number) {
    this.#keyValue = keyValue
    this.#prefix = `${prefix}${logId}/${partition}/`
  }

  begin(): void {
    this.#entries = new Map()
  }

  add(drop: Drop, place: { position: number; index: number; appendedAt: number }): void {
    if (this.#entries.size >= entriesPerBatchMax) return
    const key = `${this.#prefix}${String(place.position).padStart(16, '0')}/${place.index}`
    this.#entries.set(key, {
      reason: drop.reason,
      shape: drop.shape ?? '',
      appendedAt: new Date(place.appendedAt).toISOString(),
    })
  }

  /** @param from first position of the batch: run again, it may have less, as somebody has chosen not to be in it */
  async save(from: number): Promise<void> {
    const gone = from === this.#savedFrom ? [...this.#saved].filter((key) => !this.#entries.has(key)) : []
    await Promise.all([
      ...[...this.#entries].map(([key, entry]) =>
        this.#keyValue.put(key, Buffer.from(JSON.stringify(entry)), { ttlMs }),
      ),
      ...gone.map((key) => this.#keyValue.delete(key)),
    ])
    this.#savedFrom = from
    this.#saved = new Set(this.#entries.keys())
  }
}

/** All entries, grouped: what an operator looks at. */
export async function readQuarantine(keyValue: KeyValue): Promise<{ reason: string; shape: string; events: number }[]> {
  const groups = new Map<string, { reason: string; shape: string; events: number }>()
  for await (const [, value] of keyValue.scan(prefix)) {
    const { reason, shape } = JSON.parse(value.toString()) as QuarantineEntry
    const group = groups.get(`${reason}\0${shape}`) ?? { reason, shape, events: 0 }
    group.events++
    groups.set(`${reason}\0${shape}`, group)
  }
  return [...groups.values()].sort((a, b) => b.events - a.events)
}
