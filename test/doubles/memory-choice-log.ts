/** A choice log that lives in memory; what several processes share is this one object. */
import { randomBytes } from 'node:crypto'
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import { FoldedChoices } from '../../shared/choices/folded-choices.ts'
import type { Choice, ChoiceLog, NewChoice } from '../../shared/choices/port.ts'
import { choiceKeyFrom, createSubjectHash } from '../../shared/choices/subject.ts'
import type { Clock } from '../../shared/clock.ts'

export class MemoryChoiceLog implements ChoiceLog {
  readonly choices = new FoldedChoices()
  readonly #clock: Clock
  #at = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async append(choice: NewChoice): Promise<Choice> {
    this.#at = Math.max(this.#at, this.#clock.now())
    const kept: Choice = { ...choice, ...this.choices.seenBy(choice), id: randomBytes(8).toString('hex'), at: this.#at }
    for (const old of this.choices.add(kept)) this.choices.remove(old.subject, old.id)
    return kept
  }

  async remove(entries: readonly Choice[]): Promise<void> {
    for (const { subject, id } of entries) this.choices.remove(subject, id)
  }

  async catchUp(): Promise<void> {}

  readiness(): string {
    return 'ok'
  }

  async close(): Promise<void> {}
}

export function memoryChoiceBook(clock: Clock): ChoiceBook {
  return { log: new MemoryChoiceLog(clock), subjectOf: createSubjectHash(choiceKeyFrom('choices of a test')) }
}
