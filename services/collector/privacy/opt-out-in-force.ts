/** Which opt-out of a subject holds, and how strong the proof was that it was made with. */
import { optOutsInForce } from '../../../shared/choices/folded-choices.ts'
import type { Choice, ChoiceProof, Choices, Subject } from '../../../shared/choices/port.ts'

export const strength: Readonly<Record<ChoiceProof, number>> = { sender: 1, child: 2, owner: 2, operator: 3 }

/**
 * The strongest opt-out that no opt-in has undone; undefined while the subject may be counted. The strongest and not the
 * last: else somebody with the write key could weaken an owner's opt-out by repeating it, and then undo it.
 */
export function optOutInForce(choices: Choices, subject: Subject): Choice | undefined {
  return optOutsInForce(choices.history(subject)).reduce<Choice | undefined>(
    (best, one) => (best && strength[best.by] > strength[one.by] ? best : one),
    undefined,
  )
}
