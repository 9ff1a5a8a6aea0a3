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

  /** What a new entry says of the opt-outs that it undoes: those that are in force here now. */
  seenBy({ act, subject }: NewChoice): Pick<Choice, 'undoes'> {
    const seen = act === 'opt-in' ? optOutsInForce(this.history(subject)) : []
    return seen.length === 0 ? {} : { undoes: seen.map(({ id }) => id) }
  }

  /** Adds the next entry of the log; returns those that the subject has too many, to be removed from the log. */
  add(choice: Choice): readonly Choice[] {
    const known = this.#subjects.get(choice.subject) ?? { entries: [], countedFrom: Number.NEGATIVE_INFINITY }
    this.#subjects.set(choice.subject, known)
    const before = known.countedFrom
    known.entries.push(choice)
    known.countedFrom = countedFrom(known.entries)
    if (known.countedFrom > before) this.#version++
    const spare = known.entries.length > historyMax ? spareOf(known.entries) : undefined
    return spare ? [spare] : []
  }

  /** Takes an entry out again, by its id. What it had made of the subject goes with it. */
  remove(subject: Subject, id: string): void {
    const known = this.#subjects.get(subject)
    if (!known) return
    known.entries = known.entries.filter((one) => one.id !== id)
    known.countedFrom = countedFrom(known.entries)
    if (known.entries.length === 0) this.#subjects.delete(subject)
  }
}

/** The opt-outs that no opt-in has undone, oldest first. In which order the log has them makes no difference. */
export function optOutsInForce(history: readonly Choice[]): Choice[] {
  const undone = new Set(history.flatMap(({ undoes = [] }) => undoes))
  return history.filter(({ act, id }) => act === 'opt-out' && !undone.has(id))
}

/** What was sent while an opt-out was in force is not counted later on, also when the opt-out itself has been removed. */
function countedFrom(entries: readonly Choice[]): number {
  if (optOutsInForce(entries).length > 0) return Number.POSITIVE_INFINITY
  const bounds = entries.filter(({ act, undoes }) => act === 'deletion' || undoes !== undefined)
  return bounds.reduce((from, { at }) => Math.max(from, at), Number.NEGATIVE_INFINITY)
}

/** The oldest entry without which the subject is counted from the same time on, or later; undefined when there is none. */
function spareOf(entries: readonly Choice[]): Choice | undefined {
  const inForce = optOutsInForce(entries).at(-1)
  const isLast = (choice: Choice, index: number) => !entries.some(({ act }, i) => i > index && act === choice.act)
  // Without this opt-in an opt-out would be in force again.
  const isNeeded = ({ undoes = [] }: Choice) => entries.some(({ id }) => undoes.includes(id))
  return entries.find((choice, index) => choice !== inForce && !isLast(choice, index) && !isNeeded(choice))
}
