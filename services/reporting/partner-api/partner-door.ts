/** Who asks, whether they may ask now, and the record of what they get: everything that stands before an answer. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../../shared/clock.ts'
import { bearerToken } from '../../../shared/http/authorization.ts'
import type { ProblemError } from '../../../shared/http/problem.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import type { Ledger, LedgerEvent, LedgerState, Partner } from '../../../shared/ledger/port.ts'
import type { Logger } from '../../../shared/logger.ts'
import { parseTime } from '../../../shared/rfc3339.ts'
import { authenticate } from '../../partners/partner-registry.ts'
import { FailedAttempts } from './failed-attempts.ts'
import { ledgerAway, noPartner, noSuchLink, tooMany } from './partner-problems.ts'
import { RequestAllowances } from './request-allowance.ts'

/** Loading a table by links takes several requests a file (size, footer, columns), so those are counted apart. */
const fileRequestsFactor = 20

export interface PartnerDoorDeps {
  readonly ledger: Ledger
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly logger: Logger
  /** Most requests of one partner. */
  readonly requestsPerMinute: number
}

/** A partner whose key was good, and the ledger as it was then. */
export interface Admitted {
  readonly partner: Partner
  readonly state: LedgerState
  /** What is said when it turns out that the partner may no longer read. */
  readonly refuse: () => ProblemError
}

/** What is handed out, as the ledger records it. */
export type Disclosure = Omit<Extract<LedgerEvent, { kind: 'partner.read' }>, 'kind' | 'partner'>

export class PartnerDoor {
  readonly #deps: PartnerDoorDeps
  readonly #failures: FailedAttempts
  readonly #allowances: RequestAllowances

  constructor(deps: PartnerDoorDeps) {
    this.#deps = deps
    this.#failures = new FailedAttempts(deps.clock)
    this.#allowances = new RequestAllowances(deps)
  }

  /** @throws ProblemError 401, 429, 503 */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<Admitted> {
    const state = await this.#state(reply)
    const key = bearerToken(request.headers.authorization) ?? ''
    const found = authenticate(state, key, this.#deps.clock.now())
    if (found.outcome !== 'ok') throw this.#refused(request, noPartner())
    await this.#spendRequest(reply, found.partner.partner, this.#deps.requestsPerMinute)
    return { partner: found.partner, state, refuse: noPartner }
  }

  /**
   * For a link, whose signature stands in for the key.
   * @param link undefined: it is not good
   * @throws ProblemError 403, 429, 503
   */
  async admitByLink(
    request: FastifyRequest,
    reply: FastifyReply,
    link: { partner: string; dataset: string } | undefined,
  ): Promise<Admitted> {
    const state = await this.#state(reply)
    const partner = livingPartner(state, link?.partner, this.#deps.clock.now())
    if (!partner || !link || !partner.datasets.includes(link.dataset)) throw this.#refused(request, noSuchLink())
    await this.#spendRequest(reply, `${partner.partner}/files`, this.#deps.requestsPerMinute * fileRequestsFactor)
    return { partner, state, refuse: noSuchLink }
  }

  /**
   * Writes into the ledger what is about to be sent. It looks at the partner again where nothing can come between: after
   * a revocation there is no further access in the ledger, hence none at all.
   * @throws ProblemError 401 (403 for a link), 503: then nothing may be sent
   */
  async record(reply: FastifyReply, admitted: Admitted, ...disclosures: readonly Disclosure[]): Promise<void> {
    const { ledger, clock } = this.#deps
    const { partner } = admitted.partner
    const now = clock.now()
    const recorded = await this.#ask(() =>
      ledger.append((state) => {
        const living = livingPartner(state, partner, now)
        const may =
          living && disclosures.every(({ dataset }) => dataset === undefined || living.datasets.includes(dataset))
        if (!may) return { events: [], result: false }
        return { events: disclosures.map((one) => ({ kind: 'partner.read', partner, ...one })), result: true }
      }),
    )
    if (!recorded) throw admitted.refuse()
    await this.#state(reply)
  }

  /** The newest state; its head goes into the answer, whatever that will be. */
  async #state(reply: FastifyReply): Promise<LedgerState> {
    const state = await this.#ask(() => this.#deps.ledger.state())
    reply.header('headcount-ledger-head', headText(state.head))
    return state
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      this.#deps.logger.error({ err: error }, 'the ledger or the key-value store cannot be used: partners get nothing')
      throw ledgerAway()
    }
  }

  #refused(request: FastifyRequest, refusal: Error): Error {
    const wait = this.#failures.add(request.ip)
    return wait === undefined ? refusal : tooMany(wait)
  }

  /** @throws ProblemError 429; 503 when the counters are away: without them there would be no limit */
  async #spendRequest(reply: FastifyReply, name: string, quota: number): Promise<void> {
    const { granted, remaining, resetSeconds } = await this.#ask(() => this.#allowances.take(name, quota))
    reply.header('ratelimit-policy', `"partner";q=${quota};w=60`)
    reply.header('ratelimit', `"partner";r=${remaining};t=${resetSeconds}`)
    if (!granted) throw tooMany(resetSeconds)
  }
}

/** `<seq>:<hash>`, what `headcount ledger verify --head` takes. */
export function headText({ seq, hash }: LedgerState['head']): string {
  return `${seq}:${hash}`
}

function livingPartner(state: LedgerState, id: string | undefined, now: number): Partner | undefined {
  const found = state.partners().find(({ partner }) => partner === id)
  return found && found.revokedAt === undefined && now < parseTime(found.until) ? found : undefined
}
