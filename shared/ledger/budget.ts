/**
 * Who may spend of a day's privacy budget: a decision over the ledger's state, to be made inside `Ledger.append`, so that
 * of any number of processes that ask at once no more is granted than there is. All in exact fractions.
 */
import { add, compare, type Fraction, formatFraction } from '../fraction.ts'
import type { LedgerEvent, LedgerState, ReleaseState } from './port.ts'

export interface Reservation {
  readonly day: string
  readonly dataset: string
  /** Lower-case hex SHA-256 of the release specification. */
  readonly specification: string
  readonly rho: Fraction
  readonly delta: Fraction
  /** Σρ that a day may cost over all datasets. */
  readonly budgetRho: Fraction
}

export type ReserveDecision =
  /** Append `event`, and only then draw. */
  | { readonly outcome: 'reserved'; readonly event: Extract<LedgerEvent, { kind: 'budget.reserved' }> }
  /**
   * Nothing to append. RESERVED: for this same specification, and nothing has left the trust boundary, so noise may be
   * drawn (again). SEALED or PUBLISHED: that release is it, whatever the specification is now.
   */
  | { readonly outcome: 'already'; readonly release: ReleaseState }

/** The day's budget does not have what is asked for. Nothing was spent. */
export class BudgetExceededError extends Error {
  override readonly name = 'BudgetExceededError'
}

/** The budget was reserved for another specification; drawing by this one would spend it twice. */
export class SpecificationChangedError extends Error {
  override readonly name = 'SpecificationChangedError'
}

/** The day was given up: its key was destroyed without a release. */
export class DayUnsealedError extends Error {
  override readonly name = 'DayUnsealedError'
}

/**
 * @throws BudgetExceededError, SpecificationChangedError, DayUnsealedError, each saying what to do
 * @throws RangeError for a ρ that is not above zero, or a δ below zero
 */
export function reserve(state: LedgerState, asked: Reservation): ReserveDecision {
  const { day, dataset, specification, rho, delta, budgetRho } = asked
  // A cost of nothing, or less, would be granted without end.
  if (rho.numerator <= 0n || rho.denominator <= 0n) throw new RangeError(`ρ of ${dataset} must be above zero`)
  if (delta.numerator < 0n || delta.denominator <= 0n) throw new RangeError(`δ of ${dataset} must not be below zero`)
  const known = state.release(day, dataset)
  if (known && known.state !== 'RESERVED') return { outcome: 'already', release: known }
  if (state.isUnsealed(day))
    throw new DayUnsealedError(
      `${day} can have no release of ${dataset} any more: its key was destroyed before it was sealed. Release another day`,
    )
  if (known) return sameAgain(known, asked)
  const spent = state.spent(day)
  if (compare(add(spent, rho), budgetRho) > 0)
    throw new BudgetExceededError(
      `${dataset} of ${day} costs ρ ${formatFraction(rho)}, and of the day's ${formatFraction(budgetRho)} ${formatFraction(spent)} is spent. What is spent cannot be given back: release fewer datasets, or give them a smaller share in the catalogue; it counts from the next day on`,
    )
  const event = {
    kind: 'budget.reserved',
    ...{ day, dataset, specification },
    rho: formatFraction(rho),
    delta: formatFraction(delta),
  } as const
  return { outcome: 'reserved', event }
}

function sameAgain(known: ReleaseState, { day, dataset, specification, rho, delta }: Reservation): ReserveDecision {
  const same = known.specification === specification && compare(known.rho, rho) === 0
  if (same && compare(known.delta, delta) === 0) return { outcome: 'already', release: known }
  throw new SpecificationChangedError(
    `${dataset} of ${day} was reserved for the specification ${known.specification.slice(0, 12)}… (ρ ${formatFraction(known.rho)}) and is asked for by ${specification.slice(0, 12)}… (ρ ${formatFraction(rho)}). The budget is spent for the first: put the catalogue back as it was until ${day} is sealed, then change it`,
  )
}
