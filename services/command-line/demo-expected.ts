/** What the demo's events must come to: those with a new id and a new natural key, without bots'. Mirrors the worker's rules. */
import { type Catalogue, findFeature } from '../../shared/catalogue.ts'
import type { Batch, DemoEvent } from './demo-batch.ts'

export class Expected {
  events = 0
  bots = 0
  /** Reports of which another master had sent the same. */
  sameReports = 0
  readonly byFeature = new Map<string, number>()
  readonly #catalogue: Catalogue
  readonly #reports = new Map<string, number>()
  #pruneAt = 10_000

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue
  }

  /** To be called once for each batch that was accepted, however often it was sent: its ids are known after that. */
  add({ events, bot }: Batch): void {
    if (bot) this.bots += events.length
    else for (const event of events) this.#addEvent(event)
  }

  #addEvent(event: DemoEvent): void {
    const key = this.#naturalKey(event)
    if (key !== undefined) {
      if (this.#reports.has(key)) {
        this.sameReports++
        return
      }
      this.#reports.set(key, Date.parse(event.time))
      this.#prune()
    }
    this.events++
    this.byFeature.set(event.feature, (this.byFeature.get(event.feature) ?? 0) + 1)
  }

  #naturalKey(event: DemoEvent): string | undefined {
    const feature = findFeature(this.#catalogue, event.feature)
    if (!feature?.naturalKey) return undefined
    const { fields, slotMs } = feature.naturalKey
    const unit = feature.unit === 'cluster' ? event.cluster : event.cookie
    const declared = (field: string) => (this.#catalogue.fields.has(field) ? (event[field] ?? '') : '')
    const values = fields.map((field) => (field === 'cluster' ? unit : declared(field)))
    return JSON.stringify([unit, feature.id, Math.floor(Date.parse(event.time) / slotMs), values])
  }

  /** Slots are a day at most: what is older than two can come no more. */
  #prune(): void {
    if (this.#reports.size < this.#pruneAt) return
    const oldest = Date.now() - 2 * 86_400_000
    for (const [key, time] of this.#reports) if (time < oldest) this.#reports.delete(key)
    this.#pruneAt = Math.max(10_000, 2 * this.#reports.size)
  }
}
