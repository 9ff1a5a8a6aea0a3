/**
 * Signals by which a sender says that it does not want to be counted: Global Privacy Control (`Sec-GPC: 1`) and Do Not
 * Track (`DNT: 1`). They are honoured before anything of the body is looked at.
 */
import type { IncomingHttpHeaders } from 'node:http'

export type PrivacySignal = 'gpc' | 'dnt'

export function privacySignal(headers: IncomingHttpHeaders): PrivacySignal | undefined {
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
