/**
 * Which event may follow on which: RESERVED, SEALED, PUBLISHED in that order and once; a day that was given up takes no
 * reservation and no seal. What was sealed before a day was given up may still be published: its bytes are frozen, and
 * what they cost was spent.
 */
import { add, type Fraction, parseFraction, zero } from '../fraction.ts'
import type { LedgerEntry, LedgerEvent, Partner, ReleaseState } from './port.ts'

/** An event that cannot follow on what is there. */
export class TransitionError extends Error {
  override readonly name = 'TransitionError'
}

export interface DayState {
  readonly spent: Fraction
  readonly unsealed: boolean
  readonly releases: ReadonlyMap<string, ReleaseState>
}

type OfKind<Kind extends LedgerEvent['kind']> = Extract<LedgerEvent, { kind: Kind }>
export type DayEvent = OfKind<'budget.reserved' | 'release.sealed' | 'release.published' | 'day.unsealed'>

const untouched: DayState = Object.freeze({ spent: zero, unsealed: false, releases: new Map() })

/** @throws TransitionError */
export function dayAfter(day: DayState = untouched, event: DayEvent, at: string): DayState {
  requireForm(isDay(event.day), `the day "${event.day}" is none`)
  if (event.kind === 'day.unsealed') {
    requireForm(!day.unsealed, `${event.day} was given up before`)
    return { ...day, unsealed: true }
  }
  requireForm(/^[a-z][a-z0-9_]{0,49}$/.test(event.dataset), `the dataset "${event.dataset}" is none`)
  const release = releaseAfter(day, event, at)
  const releases = new Map(day.releases).set(event.dataset, Object.freeze(release))
  return { ...day, releases, spent: event.kind === 'budget.reserved' ? add(day.spent, release.rho) : day.spent }
}

function releaseAfter(state: DayState, event: Exclude<DayEvent, OfKind<'day.unsealed'>>, at: string): ReleaseState {
  const { day, dataset } = event
  const known = state.releases.get(dataset)
  const name = `${dataset} of ${day}`
  switch (event.kind) {
    case 'budget.reserved': {
      requireForm(!known, `the budget of ${name} was reserved before`)
      requireForm(!state.unsealed, `${day} was given up, so nothing can be reserved for it`)
      const { specification } = event
      requireForm(isSha256(specification), `the specification of ${name} is no SHA-256`)
      const [rho, delta] = [parseFraction(event.rho), parseFraction(event.delta)]
      if (!rho || !delta || rho.numerator === 0n) throw new TransitionError(`ρ or δ of ${name} is no fraction`)
      return { day, dataset, state: 'RESERVED', specification, rho, delta }
    }
    case 'release.sealed': {
      if (known?.state !== 'RESERVED')
        throw new TransitionError(`${name} is ${known?.state ?? 'not reserved'}, so it cannot be sealed`)
      requireForm(!state.unsealed, `${day} was given up, so ${dataset} cannot be sealed`)
      const { sha256, rows, publishAt } = event
      requireForm(isSha256(sha256), `the release of ${name} has no SHA-256`)
      requireForm(Number.isSafeInteger(rows) && rows >= 0, `the number of rows of ${name} is none`)
      requireForm(isTime(publishAt), `the time of publication of ${name} is none`)
      return { ...known, state: 'SEALED', sha256, rows, publishAt }
    }
    case 'release.published':
      if (known?.state !== 'SEALED')
        throw new TransitionError(`${name} is ${known?.state ?? 'not reserved'}, so it cannot be published`)
      requireForm(known.sha256 === event.sha256, `what is published of ${name} is not what was sealed`)
      return { ...known, state: 'PUBLISHED', publishedAt: at }
  }
}

/** @throws TransitionError */
export function partnerOf({ at, event }: Pick<LedgerEntry, 'at'> & { event: OfKind<'partner.added'> }): Partner {
  const { partner, name, keySha256, datasets, purpose, until } = event
  requireForm([partner, name, purpose].every(isText) && Array.isArray(datasets), 'what a partner is was left out')
  requireForm(datasets.every(isText) && datasets.length > 0, `the datasets of ${partner} are none`)
  requireForm(isSha256(keySha256), `the key of ${partner} has no SHA-256`)
  requireForm(isTime(until), `the end of ${partner} is no time`)
  return Object.freeze({
    ...{ partner, name, keySha256, purpose, until },
    datasets: Object.freeze([...datasets]),
    addedAt: at,
  })
}

export function requireForm(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new TransitionError(otherwise)
}

function isDay(text: unknown): boolean {
  return typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text) && isTime(`${text}T00:00:00.000Z`)
}

export function isTime(text: unknown): boolean {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT[\d:.]{8,}(Z|[+-]\d\d:\d\d)$/.test(text)) return false
  const time = Date.parse(text)
  // Date.parse takes the 31st of February for the 3rd of March.
  return !Number.isNaN(time) && (!text.endsWith('.000Z') || new Date(time).toISOString() === text)
}

export function isSha256(text: unknown): boolean {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text)
}

export function isText(text: unknown): boolean {
  return typeof text === 'string' && text.length > 0
}
