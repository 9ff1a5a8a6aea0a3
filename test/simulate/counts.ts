/** What happened in a run: figures to show that faults did happen, and where. */
import type { CallKind, Fault } from './faults.ts'

export const happenings = [
  'events in the log',
  'batches planned',
  'parts stored',
  'starts of processes',
  'crashes',
  'clean stops',
  'hand-overs without a word',
  'hand-overs in good order',
  'stale calls refused',
  'inserts that arrived late',
  'late inserts fenced by their token',
  'late inserts that were stored',
  'inserts fenced by their token',
  'lost answers',
  'effects that came late',
  'effects that came twice',
  'tokens without their part',
  'recreated logs',
  'jumps of the clock',
  'losses of the key-value store',
] as const
export type Happening = (typeof happenings)[number]

export class Counts {
  readonly happened = new Map<Happening, number>()
  readonly #faults = new Map<string, number>()

  note(what: Happening, times = 1): void {
    this.happened.set(what, (this.happened.get(what) ?? 0) + times)
  }

  noteFault(fault: Fault, kind: CallKind): void {
    const key = `${kind} ${fault}`
    this.#faults.set(key, (this.#faults.get(key) ?? 0) + 1)
  }

  of(what: Happening): number {
    return this.happened.get(what) ?? 0
  }

  faultsAt(kind: CallKind, fault: Fault): number {
    return this.#faults.get(`${kind} ${fault}`) ?? 0
  }

  add(other: Counts): void {
    for (const [what, times] of other.happened) this.note(what, times)
    for (const [key, times] of other.#faults) this.#faults.set(key, (this.#faults.get(key) ?? 0) + times)
  }
}
