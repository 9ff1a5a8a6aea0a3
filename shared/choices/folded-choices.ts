/** The choice log folded up in memory: about 400 bytes for each subject with one choice. */
import { type Choice, type Choices, historyMax, type NewChoice, type Subject } from './port.ts'

interface Known {
  entries: Choice[]
  countedFrom: number
}

export class FoldedChoices implements Choices {
  readonly #subjects = new Map<Subject, Known>()
  #version = 0

  get size(): number {
    return this.#subjects.size
  }

  get version(): number {
    return this.#version
  }

  countedFrom(subject: Subject): number {
    return this.#subjects.get(subject)?.countedFrom ?? Number.NEGATIVE_INFINITY
  }

  history(subject: Subject): readonly Choice[] {
    return this.#subjects.get(subject)?.entries ?? []
  }

  *all(): Iterable<Choice> {
    const entries = [...this.#subjects.values()].flatMap((known) => known.entries)
    yield* entries.sort((a, b) => a.at - b.at)
  }

  /** What a new entry says of the opt-out that it may undo: only the one that is known here now. */
  seenBy({ act, subject }: NewChoice): Pick<Choice, 'undoes'> {
    const last = act === 'opt-in' ? lastOptOut(this.history(subject)) : undefined
    return last ? { undoes: last.id } : {}
  }

  /**
   * Adds the next entry of the log; returns those to be removed from the log, because the subject has too many or because
   * this one has no effect.
   */
  add(choice: Choice): readonly Choice[] {
    const known = this.#subjects.get(choice.subject) ?? { entries: [], countedFrom: Number.NEGATIVE_INFINITY }
    if (isWithoutEffect(choice, known.entries)) return [choice]
    this.#subjects.set(choice.subject, known)
    const before = known.countedFrom
    known.entries.push(choice)
    known.countedFrom = after(before, choice)
    if (known.countedFrom > before) this.#version++
    return known.entries.length > historyMax ? [spareOf(known.entries)] : []
  }

  /** Takes an entry out again, by its id. What it had made of the subject goes with it. */
  remove(subject: Subject, id: string): void {
    const known = this.#subjects.get(subject)
    if (!known) return
    known.entries = known.entries.filter((one) => one.id !== id)
    known.countedFrom = known.entries.reduce(after, Number.NEGATIVE_INFINITY)
    if (known.entries.length === 0) this.#subjects.delete(subject)
  }
}

/** The oldest entry that is not the last one of its act: without it the subject is counted from the same time on, or later. */
function spareOf(entries: readonly Choice[]): Choice {
  const isLast = (choice: Choice, index: number) => !entries.some(({ act }, i) => i > index && act === choice.act)
  return entries.find((choice, index) => !isLast(choice, index)) as Choice
}

function lastOptOut(entries: readonly Choice[]): Choice | undefined {
  return entries.findLast(({ act }) => act === 'opt-out')
}

/**
 * An opt-in undoes no opt-out that had not been seen when it was asked for: another process may just have taken it. And an
 * opt-out that has been undone stays so, also where the log has it again behind that (an append that was sent twice).
 */
function isWithoutEffect({ act, id, undoes }: Choice, entries: readonly Choice[]): boolean {
  if (act === 'opt-out') return entries.some((one) => one.undoes === id)
  const last = act === 'opt-in' ? lastOptOut(entries) : undefined
  return last !== undefined && last.id !== undoes
}

/** From when a subject is counted after one more choice. */
function after(before: number, { act, at }: Choice): number {
  if (act === 'opt-out') return Number.POSITIVE_INFINITY
  if (act === 'opt-in') return before === Number.POSITIVE_INFINITY ? at : before
  return Math.max(before, at)
}
