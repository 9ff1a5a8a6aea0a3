/** A call of a port on its way: it travels, has its effect, is answered; or something goes wrong. */
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
  /** By store, when it last lost everything (`VirtualTime.passedMs`). */
  readonly lostAt: Map<StoreName, number>
  readonly trace: (line: string) => void
}

/** What a call does to the store, and what it gives back. `isLate`: nobody waits for it any more. */
export type Effect<T> = (isLate: boolean) => T | Promise<T>

export interface Call<T> {
  readonly kind: CallKind
  readonly what: string
  readonly effect: Effect<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
  readonly whenTorn: (() => void) | undefined
}

const travelMsMax = 6
const slowMsMax = 20_000
const lateMsMax = 60_000
const frozenMsMax = 40_000
const outageMsMax = 8_000

export class TravellingCall<T> {
  readonly #around: Surroundings
  readonly #life: Life
  readonly #call: Call<T>

  constructor(around: Surroundings, life: Life, call: Call<T>) {
    this.#around = around
    this.#life = life
    this.#call = call
  }

  goWell(): void {
    this.#travel(() => this.#carryOut())
  }

  goWrong(fault: Fault): void {
    const courses: Record<Fault, () => void> = { ...this.#ends(), ...this.#troubles() }
    courses[fault]()
  }

  /** The process does not hear what it should. */
  #ends() {
    return {
      'crash-before': () => this.#travel(() => this.#die()),
      'crash-after': () =>
        this.#travel(() => {
          this.#happen(false)
          this.#die()
        }),
      'crash-late': () => {
        this.#happenLate()
        this.#travel(() => this.#die())
      },
      refused: () => this.#travel(() => this.#fail()),
      'answer-lost': () => {
        this.#around.counts.note('lost answers')
        this.#travel(() => {
          this.#happen(false)
          this.#travel(() => this.#fail(), this.#longMs(slowMsMax))
        })
      },
      late: () => {
        this.#around.counts.note('lost answers')
        this.#happenLate()
        this.#travel(() => this.#fail(), this.#longMs(slowMsMax))
      },
      'token-without-part': () =>
        this.#travel(() => {
          this.#call.whenTorn?.()
          this.#shutStore()
          if (this.#around.random.chance(0.5)) this.#die()
          else this.#fail()
        }),
    }
  }

  /** It hears it, at another time or as another one than it takes itself for. */
  #troubles() {
    return {
      duplicated: () => {
        this.#around.counts.note('effects that came twice')
        this.#travel(() => {
          this.#carryOut()
          this.#happenLate()
        })
      },
      slow: () => {
        const longMs = this.#longMs(slowMsMax)
        if (this.#around.random.chance(0.5)) this.#travel(() => this.#carryOut(), longMs)
        else this.#travel(() => this.#carryOut(longMs))
      },
      'taken-away': () => this.#changeHands(() => this.#around.group.takeAwayFrom(this.#life)),
      'handed-over': () => this.#changeHands(() => this.#around.group.handOverFrom(this.#life)),
      frozen: () => this.#freeze(),
      outage: () => {
        this.#shutStore()
        this.#travel(() => this.#carryOut())
      },
    }
  }

  /** Has the effect and gives its result back, if the store takes calls. */
  #carryOut(answerMs = 0): void {
    // Of what a process that has died meanwhile had sent, some arrives.
    if (this.#life.isOver && this.#around.random.chance(0.5)) return
    if (this.#isDown()) {
      this.#travel(() => this.#fail())
      return
    }
    this.#effect(false).then(
      (value) => this.#travel(() => this.#call.resolve(value), answerMs),
      (error) => this.#travel(() => this.#call.reject(error), answerMs),
    )
  }

  #travel(arrive: () => void, moreMs = 0): void {
    const { time, random } = this.#around
    time.after(random.next() * travelMsMax + moreMs, arrive)
  }

  /** Before the call arrives, or just after. */
  #changeHands(change: () => void): void {
    const isBefore = this.#around.random.chance(0.5)
    if (isBefore) change()
    this.#travel(() => {
      this.#carryOut()
      if (!isBefore) change()
    })
  }

  /** A request that has left the process, or leaves it when the process goes on. */
  #freeze(): void {
    const { group, random } = this.#around
    const forMs = this.#longMs(frozenMsMax)
    this.#life.freeze(forMs)
    group.isSilent(this.#life, forMs)
    if (random.chance(0.5)) this.goWell()
    else this.#life.reach(() => this.goWell())
  }

  #die(): void {
    if (!this.#life.isOver) this.#around.counts.note('crashes')
    this.#life.end()
  }

  /** Nobody hears what came of it. */
  #happen(isLate: boolean): void {
    if (!this.#isDown()) this.#effect(isLate).catch(() => undefined)
  }

  #happenLate(): void {
    const { time, counts, trace, lostAt } = this.#around
    const sentAt = time.passedMs
    time.after(this.#longMs(lateMsMax), () => {
      // Connections end with their server, and what nobody waits for, nobody sends again.
      if ((lostAt.get(this.#store) ?? -1) >= sentAt) return
      counts.note('effects that came late')
      trace(`${this.#life.name} ${this.#call.kind} ${this.#call.what} — arrives late`)
      this.#happen(true)
    })
  }

  async #effect(isLate: boolean): Promise<T> {
    return await this.#call.effect(isLate)
  }

  get #store(): StoreName {
    const [store] = this.#call.kind.split('.')
    return store === 'secrets' ? 'key-value' : (store as StoreName)
  }

  #shutStore(): void {
    this.#around.downUntil.set(this.#store, this.#around.time.passedMs + this.#longMs(outageMsMax))
  }

  #isDown(): boolean {
    return this.#around.time.passedMs < (this.#around.downUntil.get(this.#store) ?? 0)
  }

  #fail(): void {
    this.#call.reject(unavailable(this.#store))
  }

  /** Mostly short, now and then nearly `max`. */
  #longMs(max: number): number {
    return max ** this.#around.random.next()
  }
}

function unavailable(store: StoreName): Error {
  const text = 'no answer, as the seed has it'
  if (store === 'log') return new LogUnavailableError(text)
  if (store === 'key-value') return new KeyValueUnavailableError(text)
  return new WarehouseUnavailableError(text)
}
