/**
 * A lease: of many processes one holds it, for what must not be done twice at a time. It is no lock: a process that was
 * stopped for longer than the lease lasts believes for a moment that it still holds it, so what is done under a lease
 * must be harmless when done twice.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from './clock.ts'
import type { KeyValue } from './keyvalue/port.ts'

export interface Lease {
  /** Takes or renews it; true while this process has it. */
  hold(): Promise<boolean>
  /** Gives it up, so that the next one need not wait. */
  release(): Promise<void>
}

/** For the only process there is. */
export const soleLease: Lease = { hold: async () => true, release: async () => undefined }

/**
 * A lease in the key-value store. Its end is a time by the holders' clocks, which may differ by a fraction of it.
 * @param lastsMs from one renewal on; renew at least three times as often
 */
export function sharedLease(keyValue: KeyValue, name: string, lastsMs: number, clock: Clock): Lease {
  const key = `lease/${name}`
  const holder = randomUUID()
  let ours: Buffer | undefined
  return {
    async hold() {
      const found = await keyValue.get(key)
      const isOurs = found !== undefined && ours !== undefined && found.equals(ours)
      if (found && !isOurs && endOf(found) > clock.now()) return false
      const next = Buffer.from(`${clock.now() + lastsMs} ${holder}`)
      ours = (await keyValue.compareAndSet(key, found, next)) ? next : undefined
      return ours !== undefined
    },
    async release() {
      if (ours) await keyValue.compareAndSet(key, ours, Buffer.from(`0 ${holder}`))
      ours = undefined
    },
  }
}

function endOf(value: Buffer): number {
  return Number(value.toString().split(' ', 1)[0])
}
