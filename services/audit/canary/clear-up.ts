/** What is done about the canaries at the end, and what remains of them until its time. */
import { deletionMs, rawGoneMs } from '../../../shared/retention/limits.ts'
import { hourMs } from '../../../shared/window.ts'
import type { Canaries } from './canaries.ts'
import { type Answer, post } from './send-canaries.ts'

/** Deletes what is held of the canaries that were accepted, as an operator does, through the privacy door. */
export async function clearUp(
  collectorUrl: string,
  adminToken: string,
  canaries: Canaries,
  now: number,
): Promise<readonly string[]> {
  const to = { collectorUrl, writeKey: adminToken }
  const caseId = `audit-${new Date(now).toISOString().slice(0, 16)}Z`
  const asked: Answer[] = []
  for (const kind of ['device', 'cookie', 'cluster'] as const)
    asked.push(await post(to, '/v1/privacy/deletion', JSON.stringify({ [kind]: canaries[kind], case: caseId })))
  const wish = JSON.stringify({ choice: 'opt-in', device: canaries['opted-out'], case: caseId })
  const optIn = await post(to, '/v1/privacy/choice', wish)
  const gone = new Date(now + rawGoneMs).toISOString().slice(0, 16)
  const deleted = asked.filter(({ status }) => status === 202).length
  return [
    `4 events of the canaries in the event log, until ${gone}Z; their cells in the dataset _probe, which no API lists, for about an hour`,
    `${deleted} of ${asked.length} deletions of them, case ${caseId}, as entries of the ledger for good, and as keyed hashes for ${deletionMs / hourMs} hours`,
    ...(optIn.status === 200 ? ['the opt-out of a canary, taken back: two keyed hashes of a random text'] : []),
  ]
}
