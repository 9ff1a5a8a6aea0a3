/**
 * Who has chosen, since a day's count began, not to be in it. The count knows units by their hash under the seal's key
 * only; for a sender with an identifier that is a hash of its subject (read-day.ts), so a choice finds its unit, and nothing
 * needs to be kept by which anybody else could be found.
 */
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import type { Subject } from '../../../shared/choices/port.ts'

/** By hashed unit: what was received or appended then or before is left out; ms since the Unix epoch. */
export type Cuts = ReadonlyMap<string, number>

const nobody: Cuts = new Map()

export class LateChoices {
  readonly #book: ChoiceBook | undefined
  readonly #unitOf: (subject: Subject) => string
  readonly #cuts = new Map<string, number>()
  #version: number
  /** Every choice that was made before is known to whoever reads records from now on. */
  #newest: number

  private constructor(book: ChoiceBook | undefined, unitOf: (subject: Subject) => string) {
    this.#book = book
    this.#unitOf = unitOf
    this.#version = book?.log.choices.version ?? 0
    this.#newest = newestOf(book)
  }

  /**
   * To be called before records are read.
   * @param book without: nobody chooses
   * @param unitOf the hash by which the count knows a subject
   * @throws ChoiceLogUnavailableError
   */
  static async begin(book: ChoiceBook | undefined, unitOf: (subject: Subject) => string): Promise<LateChoices> {
    await book?.log.catchUp()
    return new LateChoices(book, unitOf)
  }

  /** Everybody that the looks so far have found. */
  get cuts(): Cuts {
    return this.#cuts
  }

  /**
   * Those who have chosen since the last look, or are to be left out for longer than it said. Finds every choice that was
   * acknowledged before it was asked. @throws ChoiceLogUnavailableError
   */
  async look(): Promise<Cuts> {
    if (!this.#book) return nobody
    const { log } = this.#book
    await log.catchUp()
    if (log.choices.version === this.#version) return nobody
    this.#version = log.choices.version
    const found = new Map<string, number>()
    let newest = this.#newest
    for (const { subject, at } of log.choices.all()) {
      newest = Math.max(newest, at)
      // Of the same moment: looked at again, which changes nothing.
      if (at < this.#newest) continue
      const from = log.choices.countedFrom(subject)
      const unit = this.#unitOf(subject)
      if (from > (this.#cuts.get(unit) ?? Number.NEGATIVE_INFINITY)) found.set(unit, from)
    }
    this.#newest = newest
    for (const [unit, from] of found) this.#cuts.set(unit, from)
    return found
  }
}

function newestOf(book: ChoiceBook | undefined): number {
  let newest = Number.NEGATIVE_INFINITY
  for (const { at } of book?.log.choices.all() ?? []) newest = Math.max(newest, at)
  return newest
}
