/** Makes choices and deletions for whoever has shown that it may: for the doors of collector and reporting, and for commands. */
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import type { Choice, ChoiceAct, Subject } from '../../../shared/choices/port.ts'
import type { LedgerEvent } from '../../../shared/ledger/port.ts'
import { forbidden, overtaken } from './choice-problems.ts'
import type { ChoicesBound } from './choices-bound.ts'
import { optOutInForce, strength } from './opt-out-in-force.ts'
import type { Proof } from './speaker.ts'

/** Enters in the ledger what an operator has done about somebody. */
export type EnterServed = (served: Omit<Extract<LedgerEvent, { kind: 'subject.served' }>, 'kind'>) => Promise<void>

export interface ChoosingDeps {
  readonly choices: ChoiceBook
  readonly policy: { readonly version: string }
  /** Without: an operator's commands, which none holds. */
  readonly bound?: ChoicesBound | undefined
  /** Without a ledger: what an operator chose stands in the choices only, with its case. */
  readonly served?: EnterServed | undefined
}

export class Choosing {
  readonly #deps: ChoosingDeps

  constructor(deps: ChoosingDeps) {
    this.#deps = deps
  }

  /** When it resolves, it has taken effect. @throws ProblemError 403, 409, 503; ChoiceLogUnavailableError */
  async choose(subject: Subject, act: 'opt-out' | 'opt-in', proof: Proof): Promise<Choice> {
    this.#deps.bound?.check(subject, proof.by)
    await this.#enter(proof, 'choice')
    const { choices } = this.#deps.choices.log
    // In one turn with the append, which undoes only what was seen here.
    const holding = optOutInForce(choices, subject)
    const isStronger = holding !== undefined && strength[proof.by] < strength[holding.by]
    if (isStronger && act === 'opt-in')
      throw forbidden('This opt-out was made by its owner or the operator; opt in by the same way.')
    // An opt-out made again keeps the stronger proof: repeating it, however often, makes it no easier to undo.
    const choice = await this.#append(subject, act, isStronger ? proofOf(holding) : proof)
    if (act === 'opt-in' && optOutInForce(choices, subject)) throw overtaken()
    return choice
  }

  /**
   * Cuts out what was received until now.
   * @param history earlier choices go too; the opt-out that holds stays, else the subject would be counted again
   */
  async delete(subject: Subject, proof: Proof, history: boolean): Promise<Choice> {
    const { log } = this.#deps.choices
    this.#deps.bound?.check(subject, proof.by)
    if (history) await this.#enter(proof, 'history-removed')
    const deletion = await this.#append(subject, 'deletion', proof)
    if (!history) return deletion
    const holding = optOutInForce(log.choices, subject)
    // Deletions go by themselves, once they have nothing left to cut out and the ledger has them.
    const spare = log.choices.history(subject).filter(({ act, id }) => act !== 'deletion' && id !== holding?.id)
    if (spare.length > 0) await log.remove(spare)
    return deletion
  }

  #append(subject: Subject, act: ChoiceAct, proof: Proof): Promise<Choice> {
    const { choices, policy } = this.#deps
    return choices.log.append({ subject, act, ...proof, policy: policy.version })
  }

  async #enter({ by, case: caseId }: Proof, what: 'choice' | 'history-removed'): Promise<void> {
    if (by === 'operator' && caseId !== undefined) await this.#deps.served?.({ case: caseId, what })
  }
}

function proofOf({ by, case: caseId }: Choice): Proof {
  return { by, ...(caseId !== undefined && { case: caseId }) }
}
