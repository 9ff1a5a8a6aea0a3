/**
 * Those who send: until they are answered, and some of them after that too. A retry has the same ids, at once or hours
 * later, in the same record or in another one.
 */
import type { Random } from '../../services/command-line/demo-random.ts'
import type { Counts } from './counts.ts'
import { dayOf, makeRequest, type Request, recordOf } from './requests.ts'
import type { SimulatedLog } from './simulated-log.ts'
import type { VirtualTime } from './virtual-time.ts'

const gapMsMax = 120
const retryMsMax = 3_000
const jumpMsMax = 3 * 3_600_000
/** Together less than a day: no epoch ends in a simulation. */
const jumpsMax = 4

export class Senders {
  readonly requests: Request[] = []
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #counts: Counts
  readonly #log: SimulatedLog
  readonly #firstDay: number
  readonly #first: number
  readonly #before: number
  #busy = 0
  #jumps = 0

  /** @param from number of the first request, `before` that of the first that is not sent any more */
  constructor(
    around: { time: VirtualTime; random: Random; counts: Counts; log: SimulatedLog; firstDay: number },
    from: number,
    before: number,
  ) {
    this.#time = around.time
    this.#random = around.random
    this.#counts = around.counts
    this.#log = around.log
    this.#firstDay = around.firstDay
    this.#first = from
    this.#before = before
    this.#sendNext()
  }

  get areDone(): boolean {
    return this.#busy === 0 && this.requests.length === this.#before - this.#first
  }

  #sendNext(): void {
    if (this.requests.length === this.#before - this.#first) return
    const { partitions } = this.#log
    const index = this.#first + this.requests.length
    const made = { random: this.#random, partitions, now: this.#time.now(), firstDay: this.#firstDay }
    const request = makeRequest(index, made)
    this.requests.push(request)
    this.#later(this.#random.next() * 5, () => this.#attempt(request))
    this.#time.after(this.#random.next() ** 2 * gapMsMax, () => this.#sendNext())
    if (this.#jumps < jumpsMax && this.#random.chance(0.01)) this.#jump()
  }

  #attempt(request: Request): void {
    const { parts } = request
    const lot = this.#random.next()
    // Of a request that fails any of its records may be in the log.
    const arrived =
      lot < 0.85 ? parts : lot < 0.95 ? this.#random.some(parts, this.#random.integer(0, parts.length)) : []
    for (const { unit, partition, events } of arrived) this.#append(unit, partition, events)
    if (lot < 0.8) request.isAcknowledged = true
    if (request.isAcknowledged ? this.#random.chance(0.15) : this.#random.chance(0.95))
      this.#later(this.#random.next() ** 3 * retryMsMax, () => this.#again(request))
  }

  /** The same request, or part of it in a record of its own. */
  #again(request: Request): void {
    if (this.#random.chance(0.6) || !request.isAcknowledged) {
      this.#attempt(request)
      return
    }
    const { unit, partition, events } = this.#random.pick(request.parts)
    this.#append(unit, partition, this.#random.shuffled(events).slice(0, this.#random.integer(1, events.length)))
  }

  #append(unit: Request['parts'][number]['unit'], partition: number, events: Request['parts'][number]['events']): void {
    this.#counts.note('events in the log', events.length)
    this.#log.append(partition, recordOf(unit, events, this.#time.now()))
  }

  #later(delayMs: number, what: () => void): void {
    this.#busy++
    this.#time.after(delayMs, () => {
      what()
      this.#busy--
    })
  }

  #jump(): void {
    this.#jumps++
    const byMs = Math.floor(this.#random.next() ** 2 * jumpMsMax)
    // The week must stay the same too.
    if (dayOf(this.#time.now() + byMs) > this.#firstDay + 24 * 3_600_000) return
    this.#counts.note('jumps of the clock')
    this.#time.jump(byMs)
  }
}
