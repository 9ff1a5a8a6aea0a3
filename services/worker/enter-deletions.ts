/**
 * Each deletion has an entry in the ledger, with the choice's id and without whom it was for. The worker that has the upkeep
 * enters them: a collector has no ledger.
 */
import type { ChoiceLog } from '../../shared/choices/port.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import { deletionMs } from '../../shared/retention/limits.ts'

/** Enters what is not entered yet, each once; returns how many. */
export async function enterDeletions({ choices }: ChoiceLog, ledger: Ledger): Promise<number> {
  const deletions = [...choices.all()].filter(({ act }) => act === 'deletion')
  if (deletions.length === 0) return 0
  const known = await ledger.state()
  if (deletions.every(({ id }) => known.hasDeletion(id))) return 0
  return ledger.append((state) => {
    const missing = deletions.filter(({ id }) => !state.hasDeletion(id))
    const events = missing.map(({ id, by, case: caseId }) => ({
      kind: 'subject.deleted' as const,
      deletion: id,
      by,
      ...(caseId !== undefined && { case: caseId }),
    }))
    return { events, result: events.length }
  })
}

/** Removes deletions that have nothing left to cut out; the ledger's entries stay. */
export async function forgetDeletions(log: ChoiceLog, ledger: Ledger, now: number): Promise<void> {
  const state = await ledger.state()
  const over = [...log.choices.all()].filter(
    ({ act, id, at }) => act === 'deletion' && now >= at + deletionMs && state.hasDeletion(id),
  )
  if (over.length > 0) await log.remove(over)
}
