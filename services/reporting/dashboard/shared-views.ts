/**
 * Views that were shared: a key shows one view of closed days, read-only, until its end or until it is revoked. Kept is
 * the hash of the key and what it shows.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import { sharedViewMs } from '../../../shared/retention/limits.ts'
import { dayMs } from '../../../shared/window.ts'
import type { UsageRequest } from '../usage-request.ts'
import type { ViewWish } from './view-wish.ts'

export interface SharedView extends ViewWish {
  /** By which it is listed and revoked; not the key. */
  readonly id: string
  /** RFC 3339 */
  readonly madeAt: string
  readonly until: string
}

const prefix = 'share/'
const keyMax = 100
export const viewsMax = 1000

export class SharedViews {
  readonly #keyValue: KeyValue
  readonly #clock: Clock

  constructor({ keyValue, clock }: { keyValue: KeyValue; clock: Clock }) {
    this.#keyValue = keyValue
    this.#clock = clock
  }

  /** @returns the view and its key, this once */
  async add(wish: ViewWish, days: number): Promise<{ view: SharedView; key: string }> {
    const key = randomBytes(24).toString('base64url')
    const now = this.#clock.now()
    const ttlMs = Math.min(days * dayMs, sharedViewMs)
    const id = idOf(key)
    const view = { ...wish, id, madeAt: new Date(now).toISOString(), until: new Date(now + ttlMs).toISOString() }
    await this.#keyValue.put(prefix + id, Buffer.from(JSON.stringify(view)), { ttlMs })
    return { view, key }
  }

  /** The view that a key shows; undefined when there is none, or none any more. */
  async of(key: string): Promise<SharedView | undefined> {
    if (key.length > keyMax) return undefined
    const value = await this.#keyValue.get(prefix + idOf(key))
    return value && (JSON.parse(value.toString()) as SharedView)
  }

  /** The newest first. */
  async list(): Promise<SharedView[]> {
    const views: SharedView[] = []
    for await (const [, value] of this.#keyValue.scan(prefix)) {
      views.push(JSON.parse(value.toString()) as SharedView)
      if (views.length === viewsMax) break
    }
    return views.sort((a, b) => (a.madeAt < b.madeAt ? 1 : -1))
  }

  /** From its resolving on the key shows nothing. */
  async revoke(id: string): Promise<void> {
    await this.#keyValue.delete(prefix + id)
  }
}

/** Whether a request asks for no more than the view shows. */
export function isWithinView({ dataset, grain, from, to, where }: UsageRequest, view: SharedView): boolean {
  const isInRange = view.ranges.some((range) => Date.parse(range.from) <= from && to <= Date.parse(range.to))
  const filters = view.where.filter(({ dimension }) => dataset.dimensions.includes(dimension))
  return (
    grain === 'day' &&
    isInRange &&
    filters.every((filter) =>
      where.some(
        ({ dimension, value, isNot }) =>
          dimension === filter.dimension && value === filter.value && isNot === filter.isNot,
      ),
    )
  )
}

function idOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 32)
}
