/** Whether a record is to be left out, by what its sender has chosen. */
import type { Unit } from '../event.ts'
import type { ChoiceBook } from './choice-book.ts'
import type { Subject } from './port.ts'
import { subjectOfUnit } from './subject.ts'

/** What a record says of itself; times in ms since the Unix epoch. */
export interface ChosenRecord {
  readonly unit: Unit
  readonly receivedAt: number
  readonly appendedAt: number
}

export class LeftOut {
  readonly #book: ChoiceBook | undefined

  /** @param book without: nothing is left out */
  constructor(book: ChoiceBook | undefined) {
    this.#book = book
  }

  get version(): number {
    return this.#book?.log.choices.version ?? 0
  }

  /** Afterwards every choice is known that had been made before. @throws ChoiceLogUnavailableError */
  async catchUp(): Promise<void> {
    await this.#book?.log.catchUp()
  }

  /** Why the record is left out; undefined when it counts. */
  why({ unit, receivedAt, appendedAt }: ChosenRecord): 'opted-out' | 'deleted' | undefined {
    // With nobody in the book nothing is hashed.
    if (!this.#book || this.#book.log.choices.size === 0) return undefined
    const subject = this.subjectOf(unit)
    if (subject === undefined) return undefined
    const from = this.#book.log.choices.countedFrom(subject)
    if (from === Number.POSITIVE_INFINITY) return 'opted-out'
    return receivedAt <= from || appendedAt <= from ? 'deleted' : undefined
  }

  /**
   * The unit's subject; undefined for a sender without an identifier, and without a book. Made anew each time: it takes
   * 1.5 µs, and remembering it for those who come again would take as much from those who do not.
   */
  subjectOf(unit: Unit): Subject | undefined {
    return this.#book && subjectOfUnit(this.#book.subjectOf, unit)
  }
}
