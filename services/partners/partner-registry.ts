/**
 * Who may read releases: partners and their keys. A partner is what the ledger says it is; the key itself is shown once
 * and kept nowhere.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../shared/clock.ts'
import { confidentialKind } from '../../shared/confidential/detector.ts'
import { confidentialKinds, isPersonal } from '../../shared/confidential/kind.ts'
import { saidBack } from '../../shared/confidential/said-back.ts'
import type { Ledger, LedgerState, Partner } from '../../shared/ledger/port.ts'
import { isPrintableLine } from '../../shared/printable-line.ts'
import { parseTime } from '../../shared/rfc3339.ts'

/** What an operator asks for; it may come from outside, so nothing is taken for granted. */
export interface PartnerWish {
  /** 1 to 100 printable characters. */
  readonly name: string
  /** Released datasets that it may read. */
  readonly datasets: readonly string[]
  /** What for: 1 to 500 printable characters. */
  readonly purpose: string
  /** From then on its key is none: RFC 3339, or a day, which means that day's start in UTC. */
  readonly until: string
}

/** What was asked for cannot be done; the text says what is wrong and what to do. */
export class PartnerError extends Error {
  override readonly name = 'PartnerError'
}

export type Authentication =
  | { readonly outcome: 'ok'; readonly partner: Partner }
  | { readonly outcome: 'unknown' | 'expired' | 'revoked' }

const nameMax = 100
const purposeMax = 500
const datasetsMax = 100
const yearsMax = 5
const keyBytes = 32

/**
 * @param known the catalogue's released datasets
 * @returns `key`, this once; `until` as RFC 3339
 * @throws PartnerError
 */
export async function addPartner(
  ledger: Ledger,
  clock: Clock,
  wish: PartnerWish,
  known: ReadonlySet<string>,
): Promise<{ partner: string; key: string; until: string }> {
  const checked = checkWish(wish, clock.now(), known)
  const partner = `partner-${randomBytes(6).toString('hex')}`
  const key = `hcp_${randomBytes(keyBytes).toString('base64url')}`
  const event = { kind: 'partner.added', partner, ...checked, keySha256: keySha256(key) } as const
  await ledger.append(() => ({ events: [{ ...event, datasets: [...checked.datasets] }], result: undefined }))
  return { partner, key, until: checked.until }
}

/**
 * From its resolving on the key is none, in every process. A partner that is revoked already stays so.
 * @throws PartnerError when there is no such partner
 */
export async function revokePartner(ledger: Ledger, partner: string): Promise<void> {
  await ledger.append((state) => {
    const found = state.partners().find((one) => one.partner === partner)
    if (!found)
      throw new PartnerError(
        `there is no partner ${saidBack(partner)}; \`headcount partner list\` shows those that there are`,
      )
    return { events: found.revokedAt === undefined ? [{ kind: 'partner.revoked', partner }] : [], result: undefined }
  })
}

/** All that were ever added, in that order. */
export async function listPartners(ledger: Pick<Ledger, 'state'>): Promise<readonly Partner[]> {
  return (await ledger.state()).partners()
}

/**
 * Whose key it is. The look-up is by the key's hash, of which nothing can be chosen or found out byte by byte, and all
 * keys take the same way.
 * @param now ms since the Unix epoch
 */
export function authenticate(state: LedgerState, key: string, now: number): Authentication {
  const partner = state.partnerOfKey(keySha256(key))
  if (!partner) return { outcome: 'unknown' }
  if (partner.revokedAt !== undefined) return { outcome: 'revoked' }
  // A time that cannot be read has come.
  if (!(now < parseTime(partner.until))) return { outcome: 'expired' }
  return { outcome: 'ok', partner }
}

function keySha256(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex')
}

function checkWish(wish: unknown, now: number, known: ReadonlySet<string>) {
  const { name, datasets, purpose, until } = Object(wish) as Partial<Record<keyof PartnerWish, unknown>>
  return {
    name: checkText('name', name, nameMax),
    datasets: checkDatasets(datasets, known),
    purpose: checkText('purpose', purpose, purposeMax),
    until: checkUntil(until, now),
  }
}

function checkText(what: string, value: unknown, charactersMax: number): string {
  const text = typeof value === 'string' ? value.trim() : ''
  if (text === '') throw new PartnerError(`the ${what} is missing; it is text of 1 to ${charactersMax} characters`)
  const characters = [...text].length
  if (characters > charactersMax)
    throw new PartnerError(`the ${what} has ${characters} characters; at most ${charactersMax} are kept: shorten it`)
  if (!isPrintableLine(text))
    throw new PartnerError(`the ${what} has a character that cannot be printed; write it on one line, without such`)
  const kind = confidentialKind(text)
  // The ledger keeps it for good, and everybody may read it.
  if (isPersonal(kind))
    throw new PartnerError(
      `the ${what} has what looks like ${confidentialKinds[kind!]}; it is public, so say it without`,
    )
  return text
}

function checkDatasets(value: unknown, known: ReadonlySet<string>): string[] {
  const list = `the catalogue releases ${known.size === 0 ? 'none: give a dataset a `release` there first' : [...known].join(', ')}`
  if (!Array.isArray(value) || value.length === 0)
    throw new PartnerError(`the datasets are missing; name at least one: ${list}`)
  if (value.length > datasetsMax) throw new PartnerError(`at most ${datasetsMax} datasets can be named`)
  for (const dataset of value)
    if (typeof dataset !== 'string' || !known.has(dataset))
      throw new PartnerError(`${saidBack(String(dataset), 60)} is not a released dataset; ${list}`)
  return [...new Set(value as string[])]
}

function checkUntil(value: unknown, now: number): string {
  const text = typeof value === 'string' ? value.trim() : ''
  const time = parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
  if (Number.isNaN(time))
    throw new PartnerError(
      `the end ${saidBack(text)} is no time; give it as 2027-12-31 or 2027-12-31T12:00:00Z, when the key ends`,
    )
  const latest = new Date(now)
  latest.setUTCFullYear(latest.getUTCFullYear() + yearsMax)
  if (time <= now) throw new PartnerError(`the end ${text} is not in the future; give a later one`)
  if (time > latest.getTime())
    throw new PartnerError(
      `the end ${text} is more than ${yearsMax} years away; give one up to ${latest.toISOString().slice(0, 10)}, and a new key then`,
    )
  return new Date(time).toISOString()
}
