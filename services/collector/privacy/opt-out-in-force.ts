/** Which opt-out of a subject holds, and how strong the proof was that it was made with. */
import type { Choice, ChoiceProof, Choices, Subject } from '../../../shared/choices/port.ts'

export const strength: Readonly<Record<ChoiceProof, number>> = { sender: 1, child: 2, owner: 2, operator: 3 }

/**
 * The strongest opt-out since the last opt-in; undefined while the subject may be counted. The strongest and not the
 * last: else somebody with the write key could weaken an owner's opt-out by repeating it, and then undo it.
 */
export function optOutInForce(choices: Choices, subject: Subject): Choice | undefined {
  const history = choices.history(subject)
  const since = history.slice(history.findLastIndex(({ act }) => act === 'opt-in') + 1)
  return since
    .filter(({ act }) => act === 'opt-out')
    .reduce<Choice | undefined>((best, one) => (best && strength[best.by] > strength[one.by] ? best : one), undefined)
}
