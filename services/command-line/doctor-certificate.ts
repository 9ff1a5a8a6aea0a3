/** The doctor on the collector's certificate. */
import type { Config } from '../../shared/config.ts'
import { dateOf, hasCertificate, readCertificate } from '../../shared/http/certificate.ts'
import { dayMs } from '../../shared/window.ts'
import { type Finding, fail, info, messageOf, ok, warn } from './doctor-findings.ts'

/** Certificates that are renewed by a program are renewed a month before their end, the others by somebody who needs time. */
const daysLeftWarn = 14

/** @param now ms since the Unix epoch */
export function checkCertificate(config: Pick<Config, 'tlsCert' | 'tlsKey'>, now: number): Finding {
  try {
    if (!hasCertificate(config))
      return info(
        'the collector has no TLS of its own: put a proxy with TLS in front unless all senders are on this machine',
      )
    const { names, validTo } = readCertificate(config, now)
    const daysLeft = Math.floor((validTo - now) / dayMs)
    const what = `certificate for ${names || 'no name'}, good until ${dateOf(validTo)}`
    if (daysLeft >= daysLeftWarn) return ok(what)
    return warn(what, `${daysLeft} days are left: put a new one into the files, which takes no restart`)
  } catch (error) {
    return fail('certificate', messageOf(error))
  }
}
