/**
 * Somebody under 13 has sent events: what was held under their identifiers is deleted, and nothing is counted under them
 * any more. Both are durable before the request is answered; a burst of such events leaves one of each.
 */
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import type { Subject, SubjectKind } from '../../../shared/choices/port.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import { isIdentifier } from '../event-values.ts'
import type { ChoicesBound } from './choices-bound.ts'
import type { Identifiers } from './event-wishes.ts'
import { optOutInForce, strength } from './opt-out-in-force.ts'

/** Identifiers of children in one request; each costs two durable writes. */
const childrenMax = 100

export class Children {
  readonly #book: ChoiceBook | undefined
  readonly #policy: string
  readonly #bound: ChoicesBound | undefined
  readonly #running = new Map<Subject, Promise<void>>()

  /** @param book without: there is nowhere to keep it; the events are refused all the same */
  constructor(book: ChoiceBook | undefined, policy: string, bound?: ChoicesBound) {
    this.#book = book
    this.#bound = bound
    this.#policy = policy
  }

  /**
   * @param cookie of the request itself, whichever identifiers its events have
   * @throws ChoiceLogUnavailableError; ProblemError 413 when they are too many for one request, 503 when no more are kept
   */
  async cutOut(children: readonly Identifiers[], cookie: string | undefined): Promise<void> {
    const book = this.#book
    if (!book) return
    const subjects = subjectsOf(children, cookie, book)
    if (subjects.size > childrenMax) throw tooManyChildren()
    await Promise.all([...subjects].map((subject) => this.#onceFor(subject, book)))
  }

  #onceFor(subject: Subject, book: ChoiceBook): Promise<void> {
    let running = this.#running.get(subject)
    if (!running) {
      running = this.#cutOut(subject, book).finally(() => this.#running.delete(subject))
      this.#running.set(subject, running)
    }
    return running
  }

  async #cutOut(subject: Subject, { log }: ChoiceBook): Promise<void> {
    const before = optOutInForce(log.choices, subject)
    const entry = { subject, by: 'child', policy: this.#policy } as const
    if (before && log.choices.history(subject).some(({ act, by }) => act === 'deletion' && by === 'child')) return
    this.#bound?.check(subject, 'child')
    await log.append({ ...entry, act: 'deletion' })
    if (!before || strength[before.by] < strength.child) await log.append({ ...entry, act: 'opt-out' })
  }
}

/**
 * Whoever the events are about. A cluster is an installation with everybody in it: it is cut out only if the event has
 * nothing else by which somebody could be known.
 */
function subjectsOf(
  children: readonly Identifiers[],
  requestCookie: string | undefined,
  { subjectOf }: ChoiceBook,
): Set<Subject> {
  const subjects = new Set<Subject>()
  const add = (kind: SubjectKind, id: unknown): boolean => {
    // What is no identifier was never taken.
    if (!isIdentifier(id)) return false
    subjects.add(subjectOf(kind, id))
    return true
  }
  add('cookie', requestCookie)
  for (const { device, otherDevice, cookie, cluster } of children) {
    const known = [add('device', device), add('device', otherDevice), add('cookie', cookie)].some((found) => found)
    if (!known && requestCookie === undefined) add('cluster', cluster)
  }
  return subjects
}

function tooManyChildren(): ProblemError {
  return new ProblemError(
    problem(
      413,
      'too-many-children',
      'The request has events of too many children',
      `A request may have events of somebody under 13 with at most ${childrenMax} identifiers. None was taken; leave them out.`,
    ),
  )
}
