/** When an event happened, by our clock, from what a sender's clock said. */
import { timeMax } from '../../../shared/rfc3339.ts'

/**
 * The sender's two times tell how long before sending it happened, however wrong its clock is.
 * @param happened ms since the Unix epoch by the sender's clock; NaN: it does not say
 * @param sent when it sent the request by the same clock; NaN: it does not say, so its clock is believed
 * @param receivedAt ours
 * @returns ms since the Unix epoch
 */
export function correctedTime(happened: number, sent: number, receivedAt: number): number {
  if (Number.isNaN(happened)) return receivedAt
  const time = Number.isNaN(sent) ? happened : receivedAt + happened - sent
  return time >= 0 && time < timeMax ? time : receivedAt
}
