/** What the ledger is told once it is here: where it came from, which days have no release, whose keys end. */
import { type Catalogue, releasedDatasets } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import { firstDayOf } from '../../shared/ledger/first-day.ts'
import type { Ledger, LedgerEvent, LedgerState } from '../../shared/ledger/port.ts'
import { dayMs, utcDay } from '../../shared/window.ts'
import { isSealed } from '../release/release-day.ts'
import type { ArchiveReader } from './archive-folder.ts'

/** Of one append. */
const eventsMax = 200

/** @returns the days that were given up */
export async function afterRestore(
  { catalogue, clock }: { readonly catalogue: Catalogue; readonly clock: Clock },
  ledger: Ledger,
  archive: ArchiveReader,
  { revokePartners }: { revokePartners: boolean },
): Promise<readonly string[]> {
  const { sha256, manifest } = archive
  const state = await ledger.state()
  const days = await daysWithoutRelease(ledger, state, catalogue, clock.now())
  const partners = revokePartners ? state.partners().filter(({ revokedAt }) => revokedAt === undefined) : []
  const events: LedgerEvent[] = [
    { kind: 'transfer.restored', sha256, from: manifest.from },
    ...days.map((day) => ({ kind: 'day.unsealed' as const, day, why: 'its events stayed where it was exported from' })),
    ...partners.map(({ partner }) => ({ kind: 'partner.revoked' as const, partner })),
  ]
  for (let at = 0; at < events.length; at += eventsMax) {
    const some = events.slice(at, at + eventsMax)
    await ledger.append(() => ({ events: some, result: undefined }))
  }
  return days
}

/**
 * Until today: their raw records are not here, in whole or in part. A release drawn here would be of what happens to be
 * here, and the other installation may release the same day too.
 */
async function daysWithoutRelease(
  ledger: Ledger,
  state: LedgerState,
  catalogue: Catalogue,
  now: number,
): Promise<string[]> {
  const days = new Set(state.releases().flatMap((one) => (one.state === 'RESERVED' ? [one.day] : [])))
  const first = await firstDayOf(ledger)
  if (first !== undefined && releasedDatasets(catalogue).length > 0)
    for (let day = Date.parse(`${first}T00:00:00Z`); day <= now; day += dayMs)
      if (!isSealed(state, catalogue, utcDay(day))) days.add(utcDay(day))
  return [...days].filter((day) => !state.isUnsealed(day)).sort()
}
