/**
 * What happens to every request that brings events, whatever its dialect: key, privacy signals, overload, body, events,
 * durable append, answer. Success is answered only after the append has resolved.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import { ChoiceLogUnavailableError } from '../../shared/choices/port.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../../shared/config.ts'
import type { RecordText } from '../../shared/event.ts'
import { LogUnavailableError } from '../../shared/eventlog/port.ts'
import { ProblemError, problem } from '../../shared/http/problem.ts'
import { unexpected } from '../../shared/http/problem-answer.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Policy } from '../../shared/policy/policy.ts'
import { cookieIdentifier, isBrowser, mayHaveCookie, newCookie } from './browser-cookie.ts'
import { clientAddress } from './client-address.ts'
import type { EventSink } from './event-sink.ts'
import { type Hold, PendingBytes } from './pending-bytes.ts'
import { Children } from './privacy/children.ts'
import { optOutCookies } from './privacy/choice-cookie.ts'
import { choicesUnavailable } from './privacy/choice-problems.ts'
import { ChoicesBound } from './privacy/choices-bound.ts'
import type { Identifiers } from './privacy/event-wishes.ts'
import { HonourChoices } from './privacy/honour-choices.ts'
import { byKeptIdentifier, type KeptIdentifier } from './privacy/kept-identifier.ts'
import { privacySignal } from './privacy-signals.ts'
import type { Answer, Dialect, Reading, RequestHead, SentRequest } from './protocols/dialect.ts'
import { readBody } from './request-body.ts'
import { shuttingDown } from './shutting-down.ts'
import type { Undeclared } from './undeclared.ts'
import type { Sender } from './unit-groups.ts'

const userAgentLengthMax = 1024
const warnEveryMs = 10_000

export interface IngestDependencies {
  config: Config
  sink: EventSink
  clock: Clock
  logger: Logger
  metrics: Metrics
  choices?: ChoiceBook
  /** Where what the catalogue does not know is counted. */
  undeclared: Undeclared
  /** Whether the collector is about to stop: then nothing is taken any more. */
  isDraining: () => boolean
  /** What identifiers are kept as. */
  keptId: KeptIdentifier
  /** Under which choices are recorded that events themselves make. */
  policy: Pick<Policy, 'version'>
}

export class Ingest {
  readonly #deps: IngestDependencies
  readonly #honour: HonourChoices
  readonly #children: Children
  readonly #pending: PendingBytes
  readonly #accepted = new Map<string, { inc(by: number): void }>()
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(deps: IngestDependencies) {
    this.#deps = deps
    const choices = deps.choices && byKeptIdentifier(deps.choices, deps.keptId)
    this.#honour = new HonourChoices(choices)
    const { metrics, config } = deps
    const bound = choices && new ChoicesBound({ choices: choices.log.choices, max: config.choicesMax, metrics })
    this.#children = new Children(choices, deps.policy.version, bound)
    this.#pending = new PendingBytes(deps.config.pendingBytesMax, deps.metrics.pendingBytes)
  }

  /** Answers one request; never rejects. */
  async answer(dialect: Dialect, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    try {
      send(reply, await this.#take(dialect, request, reply))
    } catch (error) {
      const known = error instanceof ProblemError ? error : unexpected(error, this.#deps.logger)
      send(reply.headers(known.headers), dialect.refused(known.problem, headOf(request)))
    }
  }

  async #take(dialect: Dialect, request: FastifyRequest, reply: FastifyReply): Promise<Answer> {
    const head = headOf(request)
    const { headers } = head
    const { metrics, isDraining } = this.#deps
    if (isDraining() && head.method === 'POST') throw shuttingDown()
    const authorized = dialect.authorize(head) === 'granted'
    this.#honour.requireKnown()
    const signal = privacySignal(headers) ?? this.#honour.ofRequest(headers)
    if (signal) {
      metrics.declined.inc({ signal })
      return dialect.declined(head)
    }
    const hold = this.#pending.open()
    try {
      const body = await readBody(request.raw, dialect.limits, hold)
      const sender = this.#sender(request)
      const { method, url } = head
      const reading = await this.#read(dialect, { method, url, headers, body, authorized, sender })
      const { kept, declined } = this.#honour.records(reading.records)
      if (kept.length > 0) await this.#append(kept, hold)
      this.#count(dialect, reading, declined)
      this.#offerCookie(sender, reading, request, reply)
      return reading.answer(declined)
    } finally {
      hold.release()
    }
  }

  async #read(dialect: Dialect, sent: SentRequest): Promise<Reading> {
    const reading = this.#readOnce(dialect, sent)
    const { children } = reading.wishes
    if (children.length === 0) return reading
    await this.#cutOut(children, cookieIdentifier(sent.headers))
    // Other events of the request may have a child's identifier without its mark.
    return this.#readOnce(dialect, sent)
  }

  #readOnce(dialect: Dialect, { method, url, headers, body, authorized, sender }: SentRequest): Reading {
    return dialect.read({ method, url, headers, body, authorized, sender, isOptedOut: this.#honour.askedOfEvents() })
  }

  async #cutOut(children: readonly Identifiers[], cookie: string | undefined): Promise<void> {
    try {
      await this.#children.cutOut(children, cookie)
    } catch (error) {
      if (error instanceof ChoiceLogUnavailableError) throw choicesUnavailable()
      throw error
    }
  }

  #sender({ raw }: FastifyRequest): Sender {
    const { headers, socket } = raw
    const { config, clock } = this.#deps
    return {
      receivedAt: clock.now(),
      ip: clientAddress(socket.remoteAddress, headers['x-forwarded-for']?.toString(), config.trustedProxies),
      userAgent: (headers['user-agent'] ?? '').slice(0, userAgentLengthMax),
      route: isBrowser(headers) ? 'browser' : 'node',
      cookie: config.cookie ? cookieIdentifier(headers) : undefined,
      keptId: this.#deps.keptId,
    }
  }

  async #append(records: readonly RecordText[], hold: Hold): Promise<void> {
    const sent = records.map((record) => ({ unit: record.unit, value: record.bytes() }))
    hold.add(sent.reduce((total, { value }) => total + value.length, 0))
    try {
      await this.#deps.sink.append(sent)
    } catch (error) {
      this.#warn(error)
      throw new ProblemError(
        problem(
          503,
          'event-log-unavailable',
          'Events cannot be stored now',
          'Send the request again, with the same event ids, after the seconds in Retry-After.',
        ),
        { 'retry-after': '5' },
      )
    }
  }

  /** While the log is away every request fails: one line now and then says it as well as one for each. */
  #warn(error: unknown): void {
    const { clock, logger } = this.#deps
    const now = clock.now()
    if (error instanceof LogUnavailableError && Math.abs(now - this.#warnedAt) < warnEveryMs) return
    this.#warnedAt = now
    logger.warn({ err: error }, 'the event log does not take records; senders are told to retry')
  }

  #count(dialect: Dialect, { accepted, rejected, wishes, undeclared }: Reading, declined: number): void {
    const { metrics } = this.#deps
    for (const use of undeclared) this.#deps.undeclared.note(dialect.name, use)
    if (undeclared.length > 0) metrics.undeclared.inc({ protocol: dialect.name }, undeclared.length)
    if (accepted > declined) this.#acceptedOf(dialect).inc(accepted - declined)
    const optedOut = wishes.declined['opt-out'] + declined
    if (optedOut > 0) metrics.declined.inc({ signal: 'opt-out' }, optedOut)
    const off = wishes.declined['telemetry-off']
    if (off > 0) metrics.declined.inc({ signal: 'telemetry-off' }, off)
    for (const reason of rejected) metrics.rejected.inc({ reason })
  }

  /** Made once: finding a counter by its labels takes longer than counting. */
  #acceptedOf({ name }: Dialect): { inc(by: number): void } {
    let counter = this.#accepted.get(name)
    if (!counter) {
      counter = this.#deps.metrics.accepted.labels(name)
      this.#accepted.set(name, counter)
    }
    return counter
  }

  #offerCookie(
    sender: Sender,
    { records, wishes, cookieless }: Reading,
    { raw }: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const { config } = this.#deps
    if (wishes.children.length > 0) {
      if (config.cookie && isBrowser(raw.headers) && mayHaveCookie(raw.headers))
        reply.header('set-cookie', optOutCookies)
      return
    }
    if (cookieless || !config.cookie || sender.cookie !== undefined) return
    if (!isBrowser(raw.headers) || !mayHaveCookie(raw.headers)) return
    if (records.some(({ unit }) => unit.kind === 'address')) reply.header('set-cookie', newCookie(config.cookieDays))
  }
}

function headOf({ raw, url }: FastifyRequest): RequestHead {
  return { method: raw.method ?? 'GET', url, headers: raw.headers }
}

function send(reply: FastifyReply, { status, contentType, body, headers = {} }: Answer): void {
  reply.code(status).headers(headers)
  // To an empty text the framework would add a type.
  if (contentType === undefined) reply.send()
  else reply.header('content-type', contentType).send(body)
}
