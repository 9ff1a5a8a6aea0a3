/**
 * What a round's processes have told, in order, as far as it decides who is to be counted: which positions were stored, and
 * which on their way to the table, when a choice was acknowledged; and whether it was before the last look of the release.
 */
import type { Told } from './told.ts'

/** Where everything was when a choice was acknowledged. */
export interface Acknowledged {
  /** By partition: everything before it is in the table. */
  readonly stored: readonly number[]
  /** By partition: everything before it is in the table, or may be soon. */
  readonly onItsWay: readonly number[]
  /** How many things had been told. */
  readonly order: number
}

export class RoundHistory {
  readonly #acknowledged = new Map<string, Acknowledged>()
  #stored: number[] = []
  #onItsWay: number[] = []
  #order = 0
  #lastLook = 0
  /** The last look before the noise that was drawn last. */
  #drawnAfter = 0
  #isSealed = false

  hear(told: Told): void {
    this.#order++
    if ('marks' in told) {
      // What was on its way has arrived or never will.
      this.#stored = told.marks.map((mark) => mark + 1)
      this.#onItsWay = [...this.#stored]
      this.#isSealed ||= told.sealed
      this.#lastLook = this.#order
    } else if ('inserting' in told) raise(this.#onItsWay, told.inserting, told.before)
    else if ('inserted' in told) raise(this.#stored, told.inserted, told.before)
    else if ('chosen' in told)
      this.#acknowledged.set(told.chosen, {
        ...{ stored: [...this.#stored], onItsWay: [...this.#onItsWay], order: this.#order },
      })
    else if ('look' in told) this.#lastLook = this.#order
    else if ('drawing' in told) {
      if (!this.#isSealed) this.#drawnAfter = this.#lastLook
    } else if ('sealed' in told) this.#isSealed = true
  }

  /** Undefined for a choice that nobody was told has been taken. */
  acknowledged(choice: string): Acknowledged | undefined {
    return this.#acknowledged.get(choice)
  }

  /** Whether the release was drawn after a look that must have found the choice. */
  isBeforeRelease({ order }: Acknowledged): boolean {
    return order < this.#drawnAfter
  }
}

function raise(positions: number[], partition: number, before: number): void {
  positions[partition] = Math.max(positions[partition] ?? 0, before)
}
