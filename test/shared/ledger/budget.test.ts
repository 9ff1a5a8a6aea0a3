import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compare, fraction, zero } from '../../../shared/fraction.ts'
import {
  BudgetExceededError,
  DayUnsealedError,
  reserve,
  SpecificationChangedError,
} from '../../../shared/ledger/budget.ts'
import type { LedgerEvent } from '../../../shared/ledger/port.ts'
import { day, folded, published, reserved, sealed, unsealed } from './folded.ts'

const asked = {
  ...{ day, dataset: 'a', specification: 'a'.repeat(64) },
  ...{ rho: fraction(1, 1000), delta: fraction(1, 10 ** 9), budgetRho: fraction(15, 1000) },
}

describe('reserving', () => {
  it('gives the event to append when the budget has room, to the last of it and no further', () => {
    assert.deepEqual(reserve(folded(), asked), { outcome: 'reserved', event: reserved('a') })
    const state = folded(reserved('b', '7/500'))
    assert.equal(reserve(state, asked).outcome, 'reserved')
    const more = { ...asked, rho: fraction(1_000_001, 1_000_000_000) }
    assert.throws(() => reserve(state, more), BudgetExceededError)
    assert.throws(
      () => reserve(folded(reserved('b', '15/1000')), asked),
      /a of 2026-11-23 costs ρ 1\/1000, and of the day's 3\/200 3\/200 is spent.*release fewer datasets/,
    )
  })

  it('is exact where doubles are not', () => {
    const third = { ...asked, rho: fraction(1, 3), budgetRho: fraction(1) }
    const state = folded(reserved('b', '1/3'), reserved('c', '1/3'))
    assert.equal(reserve(state, third).outcome, 'reserved')
    assert.throws(
      () => reserve(state, { ...third, rho: fraction(10n ** 30n + 1n, 3n * 10n ** 30n) }),
      BudgetExceededError,
    )
  })

  it('never spends more than there is, whatever is asked for in whatever order', () => {
    const some = fc.record({ rho: fc.integer({ min: 1, max: 9 }), parts: fc.integer({ min: 400, max: 2000 }) })
    fc.assert(
      fc.property(fc.array(some, { maxLength: 30 }), (all) => {
        const events: LedgerEvent[] = []
        for (const [index, { rho, parts }] of all.entries()) {
          try {
            const decision = reserve(folded(...events), { ...asked, dataset: `d${index}`, rho: fraction(rho, parts) })
            if (decision.outcome === 'reserved') events.push(decision.event)
          } catch (error) {
            assert.ok(error instanceof BudgetExceededError)
          }
          assert.ok(compare(folded(...events).spent(day), asked.budgetRho) <= 0)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('is no second time for the same specification, also when the budget is all spent', () => {
    const state = folded(reserved('a'), reserved('b', '14/1000'))
    assert.deepEqual(reserve(state, asked), { outcome: 'already', release: state.release(day, 'a') })
  })

  it('points to what is sealed or published, whatever is asked for', () => {
    const other = { ...asked, specification: 'd'.repeat(64), rho: fraction(1) }
    for (const events of [[sealed('a')], [sealed('a'), published('a')], [sealed('a'), unsealed]]) {
      const decision = reserve(folded(reserved('a'), ...events), other)
      assert.ok(decision.outcome === 'already' && decision.release.sha256 !== undefined)
    }
  })

  it('refuses another specification, ρ or δ for what is reserved, and says to put the catalogue back', () => {
    const state = folded(reserved('a'))
    for (const changed of [
      { specification: 'd'.repeat(64) },
      { rho: fraction(1, 999) },
      { delta: fraction(1, 10 ** 8) },
    ]) {
      assert.throws(
        () => reserve(state, { ...asked, ...changed }),
        (error) => error instanceof SpecificationChangedError && /put the catalogue back/.test(error.message),
      )
    }
  })

  it('refuses a day that was given up', () => {
    assert.throws(() => reserve(folded(unsealed), asked), DayUnsealedError)
    assert.throws(() => reserve(folded(reserved('a'), unsealed), asked), DayUnsealedError)
  })

  it('refuses a cost of nothing or less', () => {
    for (const changed of [{ rho: zero }, { rho: fraction(-1, 1000) }, { delta: fraction(-1) }])
      assert.throws(() => reserve(folded(), { ...asked, ...changed }), RangeError)
    assert.throws(() => reserve(folded(), { ...asked, rho: { numerator: -1n, denominator: -1n } }), RangeError)
  })
})
