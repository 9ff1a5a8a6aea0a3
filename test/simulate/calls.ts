/** The calls of the ports by one life of a simulated process. */
import type { CallKind } from './faults.ts'
import type { Life } from './life.ts'
import { type Effect, type Surroundings, TravellingCall } from './travelling-call.ts'

export interface CallOptions<T> {
  /** What is left when the warehouse dies in it. */
  readonly whenTorn?: () => void
  /** As in `Life.waitFor`. */
  readonly atEnd?: { value: T }
}

export class Calls {
  readonly #around: Surroundings
  readonly #life: Life

  constructor(around: Surroundings, life: Life) {
    this.#around = around
    this.#life = life
  }

  /** Makes a call; `what` is for the trace. */
  make<T>(kind: CallKind, what: string, effect: Effect<T>, { whenTorn, atEnd }: CallOptions<T> = {}): Promise<T> {
    const { faults, counts, trace } = this.#around
    const life = this.#life
    if (life.isOver) return life.waitFor(() => undefined, atEnd)
    const fault = faults.draw(kind)
    if (fault) counts.noteFault(fault, kind)
    trace(`${life.name} ${kind} ${what}${fault ? ` — ${fault}` : ''}`)
    return life.waitFor((resolve, reject) => {
      const call = new TravellingCall(this.#around, life, { kind, what, effect, resolve, reject, whenTorn })
      if (fault) call.goWrong(fault)
      else call.goWell()
    }, atEnd)
  }
}
