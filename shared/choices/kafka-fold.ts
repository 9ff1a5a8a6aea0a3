/** The records of the topic of choices folded up, in the topic's order, and whoever waits for a position of it. */
import type { KeyedRecord } from '../eventlog/kafka-batch.ts'
import { FoldedChoices } from './folded-choices.ts'
import { type ChoiceRecord, fingerprintOf, fingerprintRemoval, fromKafka } from './kafka-record.ts'
import type { Choice, Subject } from './port.ts'

interface Waiting {
  readonly position: number
  readonly resolve: () => void
}

export class KafkaFold {
  readonly choices = new FoldedChoices()
  /** Whose id an entry has: a tombstone has nothing but the id. */
  readonly #subjects = new Map<string, Subject>()
  #waiting: Waiting[] = []
  #next = 0
  /** Of the newest record, and of the newest removal, by Kafka's clock; ms since the Unix epoch. */
  appendedAt: number | undefined
  removedAt: number | undefined
  /** Of choice keys, in the topic's order. */
  readonly #fingerprints = new Set<string>()

  /** Everything before it is folded up. */
  get next(): number {
    return this.#next
  }

  /** Of the choice key that the topic was begun under; undefined while it has not been begun. */
  get fingerprint(): string | undefined {
    return [...this.#fingerprints][0]
  }

  /** The topic was begun under two keys at the same moment: the other process was refused. */
  get hasForeignKey(): boolean {
    return this.#fingerprints.size > 1
  }

  /** By which no other key can ever come first, whatever compaction does to the order. Asked for once. */
  foreignKeyRemovals(): readonly ChoiceRecord[] {
    const foreign = [...this.#fingerprints].slice(1)
    for (const one of foreign) this.#fingerprints.delete(one)
    return foreign.map(fingerprintRemoval)
  }

  /**
   * Returns entries that are to be removed from the topic: what the subject has too many.
   * @throws Error for a record that cannot be read
   */
  add(record: KeyedRecord): readonly Choice[] {
    const one = fromKafka(record)
    // A broker's clock may go back, or another one with an earlier clock may take over.
    const at = Math.max(record.appendedAt, this.appendedAt ?? 0)
    this.appendedAt = at
    const spare = one.kind === 'choice' ? this.#addChoice({ ...one.choice, at }) : []
    if (one.kind === 'removal') {
      this.removedAt = at
      this.#fingerprints.delete(fingerprintOf(one.id))
      this.#remove(one.id)
    }
    if (one.kind === 'fingerprint') this.#fingerprints.add(one.fingerprint)
    this.passTo(record.position + 1)
    return spare
  }

  /** There is nothing before `position` that has not been folded. */
  passTo(position: number): void {
    if (position <= this.#next) return
    this.#next = position
    if (this.#waiting.length === 0) return
    for (const { resolve } of this.#waiting.filter((one) => one.position <= position)) resolve()
    this.#waiting = this.#waiting.filter((one) => one.position > position)
  }

  /** Resolves when everything before `position` has been folded. */
  reached(position: number): Promise<void> {
    if (position <= this.#next) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ position, resolve }))
  }

  #addChoice(choice: Choice): readonly Choice[] {
    // An append that was not acknowledged in time is sent again: the first one counts.
    if (this.#subjects.has(choice.id)) return []
    this.#subjects.set(choice.id, choice.subject)
    const spare = this.choices.add(choice)
    for (const { id } of spare) this.#remove(id)
    return spare
  }

  #remove(id: string): void {
    const subject = this.#subjects.get(id)
    if (subject === undefined) return
    this.#subjects.delete(id)
    this.choices.remove(subject, id)
  }
}
