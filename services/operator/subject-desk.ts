/**
 * What an operator does about somebody on a case: cuts out what is held, makes a choice, looks. Each leaves an entry in the
 * ledger, with the case and without the identifier.
 */
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import type { EventLog } from '../../shared/eventlog/port.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import { goneAfterDeletionMs } from '../../shared/retention/limits.ts'
import { rfc3339 } from '../../shared/rfc3339.ts'
import { notReadable } from '../collector/privacy/choice-problems.ts'
import { type ChoiceRequest, readMembers } from '../collector/privacy/choice-request.ts'
import { Choosing, type EnterServed } from '../collector/privacy/choosing.ts'
import type { ChoiceSecrets } from '../collector/privacy/derived-key.ts'
import { createKeptIdentifier, type KeptIdentifier } from '../collector/privacy/kept-identifier.ts'
import { type Held, WhatIsHeld } from '../collector/privacy/what-is-held.ts'

/** One of `device`, `cookie` and `cluster`, and the case; unchecked. */
export interface SubjectWish {
  readonly device?: string
  readonly cookie?: string
  readonly cluster?: string
  readonly case: string
  /** Of a choice. */
  readonly choice?: string
  /** Of a deletion: earlier choices go too. */
  readonly history?: boolean
}

/** Times in RFC 3339. */
export interface Forgotten {
  readonly deletion: string
  readonly effectiveFrom: string
  readonly rawRecordsGoneBy: string
}

export interface Chosen {
  readonly choice: string
  readonly since: string
  readonly policy: string
}

/** All three throw ProblemError when the wish cannot be read. */
export interface SubjectActs {
  forget(wish: SubjectWish): Promise<Forgotten>
  choose(wish: SubjectWish): Promise<Chosen>
  access(wish: SubjectWish): Promise<Held>
}

export interface SubjectDeskDeps {
  readonly choices: ChoiceBook
  readonly log: EventLog
  readonly ledger: Ledger
  readonly policy: { readonly version: string }
  readonly secrets: ChoiceSecrets
  readonly eventLogUrl: string
}

export function enterServed(ledger: Ledger): EnterServed {
  return (served) => ledger.append(() => ({ events: [{ kind: 'subject.served', ...served }], result: undefined }))
}

export class SubjectDesk implements SubjectActs {
  /** Shared with the doors for subjects themselves: one look at a time. */
  readonly held: WhatIsHeld
  readonly #deps: SubjectDeskDeps
  readonly #served: EnterServed
  readonly #choosing: Choosing
  readonly #keptId: KeptIdentifier

  constructor(deps: SubjectDeskDeps) {
    this.#deps = deps
    this.held = new WhatIsHeld({ choices: deps.choices, history: () => deps.log.history() })
    this.#served = enterServed(deps.ledger)
    this.#choosing = new Choosing({ ...deps, served: this.#served })
    this.#keptId = createKeptIdentifier(deps.secrets)
  }

  async forget(wish: SubjectWish): Promise<Forgotten> {
    const { subject, proof, asked } = this.#read(wish)
    const { id, at } = await this.#choosing.delete(subject, proof, asked.history)
    return {
      deletion: id,
      effectiveFrom: rfc3339(at),
      rawRecordsGoneBy: rfc3339(at + goneAfterDeletionMs(this.#deps.eventLogUrl)),
    }
  }

  async choose(wish: SubjectWish): Promise<Chosen> {
    const { subject, proof, asked } = this.#read(wish)
    if (asked.choice === undefined) throw notReadable('`choice` must be "opt-out" or "opt-in".')
    const { at } = await this.#choosing.choose(subject, asked.choice, proof)
    return { choice: asked.choice, since: rfc3339(at), policy: this.#deps.policy.version }
  }

  async access(wish: SubjectWish): Promise<Held> {
    const { unit, proof } = this.#read(wish)
    await this.#served({ case: proof.case, what: 'access' })
    return this.held.under(unit)
  }

  #read(wish: SubjectWish) {
    const asked: ChoiceRequest = readMembers({ ...wish })
    if (!asked.named) throw notReadable('Name an identifier: `device`, `cookie` or `cluster`.')
    if (asked.case === undefined) throw notReadable('Name the `case` on which this is done.')
    const unit = { kind: asked.named.kind, id: this.#keptId(asked.named.id) }
    const subject = this.#deps.choices.subjectOf(unit.kind, unit.id)
    return { asked, unit, subject, proof: { by: 'operator', case: asked.case } as const }
  }
}
