/**
 * The campaign's simulated time. It starts an hour before a month's end, so that most batches of the first three fifths
 * of the kills reach over it. After that it is put forward by hours at every restart, so that days, weeks and the month
 * close while kills go on.
 */
import { hourMs } from '../../shared/window.ts'

export const startTime = Date.parse('2026-10-31T23:00:00Z')
/** Two simulated minutes a second. */
export const timeFactor = 120
const closingShare = 0.6
const closingStart = Date.parse('2026-11-01T10:00:00Z')
const closingStepMs = 5 * hourMs
/** With the age of its oldest event a batch stays within the 24 h in which it is not late. */
const onItsWayMsMax = 9 * hourMs

/** Whether epochs close at that kill. */
export function isClosing(kill: number, kills: number): boolean {
  return kill >= kills * closingShare
}

/** How far simulated time may be put forward before a kill. @param oldestOnItsWay when that batch was made */
export function timeBefore(kill: number, kills: number, oldestOnItsWay: number): number {
  const ordinary = kills * closingShare
  const beforeClosing = Math.min(1, kill / ordinary) * (closingStart - startTime)
  const wanted = startTime + beforeClosing + Math.max(0, kill - ordinary) * closingStepMs
  return Math.min(wanted, oldestOnItsWay + onItsWayMsMax)
}
