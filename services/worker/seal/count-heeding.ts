/** Counts a day for its release without those who choose not to be in it, also while it is being counted. */
import type { LeftOut } from '../../../shared/choices/left-out.ts'
import { type SealedDay, type SealTools, sealDay } from './seal-day.ts'

/** Somebody who chooses again and again must not hold a day up for ever: the seal is then tried again later. */
const countsMax = 8

/**
 * The day's cells without anybody who had chosen not to be in them by the time they were complete: noise is drawn from
 * them next, and after that they cannot change.
 */
export async function countHeeding(
  day: string,
  sealKey: Uint8Array,
  tools: SealTools & { leftOut: LeftOut },
): Promise<SealedDay> {
  for (let counts = 1; ; counts++) {
    await tools.leftOut.catchUp()
    const { version } = tools.leftOut
    const sealed = await sealDay(day, sealKey, tools)
    await tools.leftOut.catchUp()
    if (tools.leftOut.version === version) return sealed
    await sealed.remove()
    if (counts === countsMax) throw new Error(`choices were made during each of ${countsMax} counts of the day`)
  }
}
