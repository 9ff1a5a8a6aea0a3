/**
 * A dialect: one way in which senders write events. It says which routes it answers, how its key is given, how a body
 * becomes records, and how success and errors look; everything else is the same for all (../ingest.ts).
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { RejectReason } from '../../../shared/drop-reason.ts'
import type { RecordText } from '../../../shared/event.ts'
import { type Problem, problemType } from '../../../shared/http/problem.ts'
import type { EventWishes, IsOptedOut } from '../privacy/event-wishes.ts'
import type { BodyLimits } from '../request-body.ts'
import type { UndeclaredUse } from '../undeclared.ts'
import type { Sender } from '../unit-groups.ts'

export interface Dialect {
  /** Label of its metrics. */
  readonly name: string
  readonly routes: readonly DialectRoute[]
  readonly limits: BodyLimits
  /** To a request that carried a privacy signal, of whose body nothing was looked at. */
  declined(head: RequestHead): Answer
  /**
   * Whether the headers or the URL have the key; `in-body` when they have none and the body may.
   * @throws ProblemError 401 when they have a wrong one, or none and the body cannot have it
   */
  authorize(head: RequestHead): 'granted' | 'in-body'
  /** The records in a request. @throws ProblemError when nothing of it can be taken */
  read(request: SentRequest): Reading
  /** A problem as this dialect's senders understand it. */
  refused(problem: Problem, head: RequestHead): Answer
}

export interface DialectRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
}

/** What is known of a request before its body has been read. */
export interface RequestHead {
  readonly method: string
  /** Path and query, as sent. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

export interface SentRequest extends RequestHead {
  /** Decompressed; empty of a GET. */
  readonly body: Buffer
  /** False: the body must have the key. */
  readonly authorized: boolean
  readonly sender: Sender
  /** For the `EventWishes` of the reading; undefined while nobody has opted out. */
  readonly isOptedOut?: IsOptedOut | undefined
}

export interface Reading {
  readonly records: readonly RecordText[]
  /** Events that are answered as taken; duplicates included, as only the worker knows them; declined ones not. */
  readonly accepted: number
  /** Reasons of the others, one entry each. */
  readonly rejected: readonly RejectReason[]
  /** Asked of each of the events. */
  readonly wishes: EventWishes
  /** Of the accepted ones, what the catalogue does not know. */
  readonly undeclared: readonly UndeclaredUse[]
  /** The page did not ask to be counted by our cookie, so it is not given one. */
  readonly cookieless?: boolean
  /**
   * The answer once the records are durable.
   * @param declined how many of the accepted ones were left out after all, as their sender has chosen so meanwhile
   */
  answer(declined: number): Answer
}

export interface Answer {
  readonly status: number
  /** Undefined: an answer without a body. */
  readonly contentType: string | undefined
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export function jsonAnswer(body: string, status = 200): Answer {
  return { status, contentType: 'application/json; charset=utf-8', body }
}

/** As bytes: to text the framework adds a charset, which this media type does not have. */
export function problemAnswer(problem: Problem): Answer {
  return { status: problem.status, contentType: problemType, body: Buffer.from(JSON.stringify(problem)) }
}

export function posts(...paths: readonly string[]): DialectRoute[] {
  return paths.map((path) => ({ method: 'POST', path }))
}

/** The path of a URL without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
