/**
 * The simulation's time and its order of events: what happens next is the earliest event that was put off, whoever put it
 * off, so that every delay and every reordering is a decision of the seed. Nothing here waits for real time.
 */
import type { Clock } from '../../shared/clock.ts'

interface Event {
  readonly at: number
  /** Of two at the same moment the one that was put off first comes first. */
  readonly turn: number
  run: (() => void) | undefined
}

export class VirtualTime implements Clock {
  readonly #start: number
  #passed = 0
  #jumped = 0
  #turns = 0
  /** A binary heap, the earliest first. */
  readonly #events: Event[] = []

  /** @param start ms since the Unix epoch */
  constructor(start: number) {
    this.#start = start
  }

  now(): number {
    return this.#start + this.#jumped + Math.floor(this.#passed)
  }

  /** Since the start, without jumps; ms. */
  get passedMs(): number {
    return this.#passed
  }

  /** Runs it so much later, unless the function that is returned is called before. */
  after(delayMs: number, run: () => void): () => void {
    const event: Event = { at: this.#passed + Math.max(0, delayMs), turn: this.#turns++, run }
    this.#push(event)
    return () => {
      event.run = undefined
    }
  }

  /** As if every machine had slept for so long: the clock is later, nothing else has happened. */
  jump(byMs: number): void {
    this.#jumped += byMs
  }

  /** Lets events happen, and everything that follows from each, until `isDone`. False: it was not within `eventsMax`. */
  async run(isDone: () => boolean, eventsMax: number): Promise<boolean> {
    for (let events = 0; events < eventsMax; events++) {
      if (isDone()) return true
      const event = this.#pop()
      if (!event) return isDone()
      this.#passed = Math.max(this.#passed, event.at)
      if (!event.run) continue
      event.run()
      // Every promise that this has settled is followed to its end before the next event.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    return isDone()
  }

  #push(event: Event): void {
    const events = this.#events
    let at = events.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, events[parent]!)) break
      events[at] = events[parent]!
      at = parent
    }
    events[at] = event
  }

  #pop(): Event | undefined {
    const events = this.#events
    const first = events[0]
    const last = events.pop()
    if (!last || last === first) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child + 1 < events.length && isBefore(events[child + 1]!, events[child]!)) child++
      if (child >= events.length || !isBefore(events[child]!, last)) break
      events[at] = events[child]!
      at = child
    }
    events[at] = last
    return first
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.turn < other.turn)
}
