/**
 * A bound on how many have chosen something: everybody with a write key, or with a cookie of their own making, can add one,
 * and all are in the memory of every collector and worker. Near it an alert fires; at it new ones are refused.
 */
import type { ChoiceProof, Choices, Subject } from '../../../shared/choices/port.ts'
import type { Metrics } from '../../../shared/metrics.ts'
import { choicesFull } from './choice-problems.ts'

export interface ChoicesBoundDeps {
  readonly choices: Choices
  readonly max: number
  readonly metrics: Pick<Metrics, 'choiceSubjectsRatio'>
}

export class ChoicesBound {
  readonly #deps: ChoicesBoundDeps

  constructor(deps: ChoicesBoundDeps) {
    this.#deps = deps
    this.#show()
  }

  /**
   * To be asked before each entry. Operators are never refused. Once it is full, whoever has but the write key is
   * refused for known subjects too: the answer does not tell which are known.
   * @throws ProblemError 503
   */
  check(subject: Subject, by: ChoiceProof): void {
    this.#show()
    const { choices, max } = this.#deps
    if (choices.size < max || by === 'operator') return
    if (by === 'sender' || choices.history(subject).length === 0) throw choicesFull()
  }

  #show(): void {
    const { choices, max, metrics } = this.#deps
    metrics.choiceSubjectsRatio.set(choices.size / max)
  }
}
