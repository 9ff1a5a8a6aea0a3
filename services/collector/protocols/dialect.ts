/**
 * A dialect: one way in which senders write events. It says which paths it answers, how its key is given, how a body
 * becomes records, and how success and errors look; everything else is the same for all (../ingest.ts).
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { RejectReason } from '../../../shared/drop-reason.ts'
import type { RecordText } from '../../../shared/event.ts'
import type { Problem } from '../../../shared/http/problem.ts'
import type { EventWishes, IsOptedOut } from '../privacy/event-wishes.ts'
import type { BodyLimits } from '../request-body.ts'
import type { Sender } from '../unit-groups.ts'

export interface Dialect {
  /** Label of its metrics. */
  readonly name: string
  readonly paths: readonly string[]
  readonly limits: BodyLimits
  /** The JSON answer to a request that carried a privacy signal. */
  readonly declined: string
  /**
   * Whether the headers have the write key; `in-body` when they have none and the body may.
   * @throws ProblemError 401 when they have a wrong one, or none and the body cannot have it
   */
  authorize(headers: IncomingHttpHeaders): 'granted' | 'in-body'
  /** The records in a body. @throws ProblemError when nothing of it can be taken */
  read(request: SentRequest): Reading
  /** A problem as this dialect's senders understand it. */
  problemFor(problem: Problem): Problem
}

export interface SentRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** False: the body must have the write key. */
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
  /**
   * The JSON answer once the records are durable.
   * @param declined how many of the accepted ones were left out after all, as their sender has chosen so meanwhile
   */
  answer(declined: number): string
}
