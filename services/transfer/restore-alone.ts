/** On servers two restores could run at once, and the second would clear what the first has written: one waits for the other. */
import type { Clock } from '../../shared/clock.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { sharedLease } from '../../shared/lease.ts'
import { ForeseenError } from '../start-failure.ts'

const leaseName = 'restore'
/** Its key in the key-value store; also in one that is empty otherwise. */
export const restoreLease = `lease/${leaseName}`
const lastsMs = 60_000

/**
 * Runs `work` under a lease that is renewed; it is handed what to ask before the restore is called done.
 * @throws ForeseenError while another restore runs, or did a minute ago
 */
export async function whileAlone<T>(
  { keyValue, clock }: { readonly keyValue: KeyValue; readonly clock: Clock },
  work: (stillAlone: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const lease = sharedLease(keyValue, leaseName, lastsMs, clock)
  const hold = async () => {
    if (await lease.hold()) return
    throw new ForeseenError(
      'another restore into the same servers runs, or was stopped less than a minute ago: wait for it, or give the command again in a minute',
    )
  }
  await hold()
  // A renewal that fails is noticed by the last one.
  const renewing = setInterval(() => void lease.hold().catch(() => undefined), lastsMs / 3).unref()
  try {
    return await work(hold)
  } finally {
    clearInterval(renewing)
    await lease.release().catch(() => undefined)
  }
}
