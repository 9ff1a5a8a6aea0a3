/**
 * Signals by which a sender says that it does not want to be counted: Global Privacy Control (`Sec-GPC: 1`), Do Not
 * Track (`DNT: 1`), and for programs `Headcount-Telemetry: off`. They are honoured before anything of the body is looked
 * at, so a request that has one counts as one, however many events it brought.
 */
import type { IncomingHttpHeaders } from 'node:http'

/** What browsers send by themselves. */
export type BrowserSignal = 'gpc' | 'dnt'
export type PrivacySignal = BrowserSignal | 'telemetry-off'

export function privacySignal(headers: IncomingHttpHeaders): PrivacySignal | undefined {
  return browserSignal(headers) ?? (isOff(headers['headcount-telemetry']) ? 'telemetry-off' : undefined)
}

export function browserSignal(headers: IncomingHttpHeaders): BrowserSignal | undefined {
  if (isOn(headers['sec-gpc'])) return 'gpc'
  if (isOn(headers.dnt)) return 'dnt'
  return undefined
}

/** A header sent twice is joined by Node (`1, 1`); any one of them is enough. */
function isOn(value: string | string[] | undefined): boolean {
  if (value === undefined) return false
  return (
    value === '1' ||
    String(value)
      .split(',')
      .some((part) => part.trim() === '1')
  )
}

/** In any case of letters; as above, one of several is enough. */
function isOff(value: string | string[] | undefined): boolean {
  if (value === undefined) return false
  return String(value)
    .split(',')
    .some((part) => part.trim().toLowerCase() === 'off')
}
