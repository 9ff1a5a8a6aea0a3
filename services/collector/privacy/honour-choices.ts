/**
 * Honours what has been chosen before anything is written: by the request's own cookies, by every identifier of an event
 * (through `isOptedOut`), and once more by each record's unit when its request is about to be appended.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import type { SubjectKind } from '../../../shared/choices/port.ts'
import { subjectOfUnit } from '../../../shared/choices/subject.ts'
import type { RecordText } from '../../../shared/event.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import { cookieIdentifier } from '../browser-cookie.ts'
import { hasOptedOutByCookie } from './choice-cookie.ts'
import type { IsOptedOut } from './event-wishes.ts'

export class HonourChoices {
  readonly #book: ChoiceBook | undefined

  /** @param book without: only the request's own cookie is known */
  constructor(book: ChoiceBook | undefined) {
    this.#book = book
  }

  /** @throws ProblemError 503 while it is not known who has opted out */
  requireKnown(): void {
    if (this.#book === undefined || this.#book.log.readiness() === 'ok') return
    throw new ProblemError(
      problem(
        503,
        'choices-unknown',
        'It is not known yet who has opted out',
        'Nothing of this request was taken. Send it again, with the same event ids, after the seconds in Retry-After.',
      ),
      { 'retry-after': '5' },
    )
  }

  /** Whether the browser that sent the request has opted out. */
  ofRequest(headers: IncomingHttpHeaders): 'opt-out' | undefined {
    if (hasOptedOutByCookie(headers)) return 'opt-out'
    if (!this.#book || this.#book.log.choices.size === 0) return undefined
    const cookie = cookieIdentifier(headers)
    if (cookie === undefined) return undefined
    return this.#isOptedOut(this.#book.subjectOf('cookie', cookie), this.#book) ? 'opt-out' : undefined
  }

  /** To be asked for each identifier of a request's events; undefined while nobody has chosen anything. */
  askedOfEvents(): IsOptedOut | undefined {
    const book = this.#book
    if (!book || book.log.choices.size === 0) return undefined
    // Mostly one sender sends a request, with the same identifiers in every event.
    const last = new Map<SubjectKind, { id: string; isOptedOut: boolean }>()
    return (kind, id) => {
      const known = last.get(kind)
      if (known?.id === id) return known.isOptedOut
      const isOptedOut = this.#isOptedOut(book.subjectOf(kind, id), book)
      last.set(kind, { id, isOptedOut })
      return isOptedOut
    }
  }

  /** The records of those who have not opted out, and how many events the others had. */
  records(records: readonly RecordText[]): { kept: readonly RecordText[]; declined: number } {
    const book = this.#book
    if (!book || book.log.choices.size === 0) return { kept: records, declined: 0 }
    let declined = 0
    const kept = records.filter(({ unit, events }) => {
      const subject = subjectOfUnit(book.subjectOf, unit)
      if (subject === undefined || !this.#isOptedOut(subject, book)) return true
      declined += events
      return false
    })
    return { kept, declined }
  }

  #isOptedOut(subject: string, { log }: ChoiceBook): boolean {
    return log.choices.countedFrom(subject) === Number.POSITIVE_INFINITY
  }
}
