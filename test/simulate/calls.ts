/** A call of a port by a simulated process: it travels, has its effect, is answered; or something goes wrong. */
import type { Random } from '../../services/command-line/demo-random.ts'
import { LogUnavailableError } from '../../shared/eventlog/port.ts'
import { KeyValueUnavailableError } from '../../shared/keyvalue/port.ts'
import { WarehouseUnavailableError } from '../../shared/warehouse/port.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { Counts } from './counts.ts'
import type { CallKind, Fault, FaultPlan } from './faults.ts'
import type { Life } from './life.ts'
import type { VirtualTime } from './virtual-time.ts'

export type StoreName = 'log' | 'key-value' | 'warehouse' | 'timing'

export interface Surroundings {
  readonly time: VirtualTime
  readonly random: Random
  readonly faults: FaultPlan
  readonly counts: Counts
  readonly group: ConsumerGroup
  /** By store, until when it takes no calls (`VirtualTime.passedMs`). */
  readonly downUntil: Map<StoreName, number>
  readonly trace: (line: string) => void
}

/** What a call does to the store, and what it gives back. `isLate`: nobody waits for it any more. */
export type Effect<T> = (isLate: boolean) => T | Promise<T>

const travelMsMax = 6
const slowMsMax = 20_000
const lateMsMax = 60_000
const frozenMsMax = 40_000
const outageMsMax = 8_000

export class Calls {
  readonly #around: Surroundings
  readonly #life: Life

  constructor(around: Surroundings, life: Life) {
    this.#around = around
    this.#life = life
  }

  /** Makes a call. `whenTorn`: what is left when the warehouse dies in it. */
  make<T>(kind: CallKind, what: string, effect: Effect<T>, whenTorn?: () => void): Promise<T> {
    const { faults, counts } = this.#around
    if (this.#life.isOver) return this.#life.waitFor(() => undefined)
    const fault = faults.draw(kind)
    if (fault) counts.noteFault(fault, kind)
    this.#around.trace(`${this.#life.name} ${kind} ${what}${fault ? ` — ${fault}` : ''}`)
    return this.#life.waitFor((resolve, reject) => {
      const call = new Call(this.#around, this.#life, kind, what, effect, resolve, reject, whenTorn)
      if (fault) call.goWrong(fault)
      else call.travel(() => call.carryOut())
    })
  }
}

class Call<T> {
  constructor(
    readonly around: Surroundings,
    readonly life: Life,
    readonly kind: CallKind,
    readonly what: string,
    readonly effect: Effect<T>,
    readonly resolve: (value: T) => void,
    readonly reject: (error: unknown) => void,
    readonly whenTorn: (() => void) | undefined,
  ) {}

  goWrong(fault: Fault): void {
    const { random, group, downUntil, time, counts } = this.around
    const { life } = this
    switch (fault) {
      case 'crash-before':
        return this.travel(() => this.#die())
      case 'crash-after':
        return this.travel(() => {
          this.#happen(false)
          this.#die()
        })
      case 'crash-late':
        this.#happenLate()
        return this.travel(() => this.#die())
      case 'refused':
        return this.travel(() => this.#fail())
      case 'answer-lost':
        counts.note('lost answers')
        return this.travel(() => {
          this.#happen(false)
          this.travel(() => this.#fail(), this.#longMs(slowMsMax))
        })
      case 'late':
        counts.note('lost answers')
        this.#happenLate()
        return this.travel(() => this.#fail(), this.#longMs(slowMsMax))
      case 'duplicated':
        counts.note('effects that came twice')
        return this.travel(() => {
          this.carryOut()
          this.#happenLate()
        })
      case 'slow':
        if (random.chance(0.5)) return this.travel(() => this.carryOut(), this.#longMs(slowMsMax))
        return this.travel(() => this.carryOut(this.#longMs(slowMsMax)))
      case 'taken-away':
      case 'handed-over': {
        const change = () => (fault === 'taken-away' ? group.takeAwayFrom(life) : group.handOverFrom(life))
        if (random.chance(0.5)) change()
        return this.travel(() => {
          this.carryOut()
          change()
        })
      }
      case 'frozen':
        return this.#freeze()
      case 'outage':
        downUntil.set(storeOf(this.kind), time.passedMs + this.#longMs(outageMsMax))
        return this.travel(() => this.carryOut())
      case 'token-without-part':
        return this.travel(() => {
          this.whenTorn?.()
          downUntil.set('warehouse', time.passedMs + this.#longMs(outageMsMax))
          if (random.chance(0.5)) this.#die()
          else this.#fail()
        })
    }
  }

  /** Has the effect and gives its result back, if the store takes calls. */
  carryOut(answerMs = 0): void {
    // Of what a process that has died meanwhile had sent, some arrives.
    if (this.life.isOver && this.around.random.chance(0.5)) return
    if (this.#isDown()) return this.travel(() => this.#fail())
    this.#effect(false).then(
      (value) => this.travel(() => this.resolve(value), answerMs),
      (error) => this.travel(() => this.reject(error), answerMs),
    )
  }

  travel(arrive: () => void, moreMs = 0): void {
    const { time, random } = this.around
    time.after(random.next() * travelMsMax + moreMs, arrive)
  }

  /** A request that has left the process, or leaves it when the process goes on. */
  #freeze(): void {
    const { group, random } = this.around
    const forMs = this.#longMs(frozenMsMax)
    this.life.freeze(forMs)
    group.isSilent(this.life, forMs)
    if (random.chance(0.5)) this.travel(() => this.carryOut())
    else this.life.reach(() => this.travel(() => this.carryOut()))
  }

  /** Nobody hears what came of it. */
  #happen(isLate: boolean): void {
    if (this.#isDown()) return
    this.#effect(isLate).catch(() => undefined)
  }

  #happenLate(): void {
    const { time, counts, trace } = this.around
    time.after(this.#longMs(lateMsMax), () => {
      counts.note('effects that came late')
      trace(`${this.life.name} ${this.kind} ${this.what} — arrives late`)
      this.#happen(true)
    })
  }

  #die(): void {
    if (!this.life.isOver) this.around.counts.note('crashes')
    this.life.end()
  }

  async #effect(isLate: boolean): Promise<T> {
    return await this.effect(isLate)
  }

  #isDown(): boolean {
    const { downUntil, time } = this.around
    return time.passedMs < (downUntil.get(storeOf(this.kind)) ?? 0)
  }

  #fail(): void {
    this.reject(unavailable(storeOf(this.kind)))
  }

  /** Mostly short, now and then nearly `max`. */
  #longMs(max: number): number {
    return max ** this.around.random.next()
  }
}

function storeOf(kind: CallKind): StoreName {
  const [store] = kind.split('.')
  return store === 'secrets' ? 'key-value' : (store as StoreName)
}

function unavailable(store: StoreName): Error {
  const text = 'no answer; the simulation has it so'
  switch (store) {
    case 'log':
      return new LogUnavailableError(text)
    case 'key-value':
      return new KeyValueUnavailableError(text)
    case 'warehouse':
      return new WarehouseUnavailableError(text)
    case 'timing':
      return new Error('waiting does not fail')
  }
}
