import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatFraction } from '../../../shared/fraction.ts'
import { chainEvents, emptyHead } from '../../../shared/ledger/chain.ts'
import { FoldedLedger } from '../../../shared/ledger/ledger-state.ts'
import { LedgerBrokenError, type LedgerEvent } from '../../../shared/ledger/port.ts'
import { added, at, day, entriesOf, folded, published, reserved, revoked, sealed, sha256, unsealed } from './folded.ts'

describe('the folded ledger', () => {
  it('has each release as it is, by day, then dataset, and what a day has cost', () => {
    const other = { ...reserved('a'), day: '2026-11-22' } as LedgerEvent
    const state = folded(reserved('b', '1/3'), reserved('a', '0.1'), sealed('b'), other, published('b'))
    assert.deepEqual(
      state.releases().map(({ day, dataset, state }) => [day, dataset, state]),
      [
        ['2026-11-22', 'a', 'RESERVED'],
        [day, 'a', 'RESERVED'],
        [day, 'b', 'PUBLISHED'],
      ],
    )
    const { rho, delta, ...release } = state.release(day, 'b') ?? assert.fail()
    assert.deepEqual(release, {
      ...{ day, dataset: 'b', state: 'PUBLISHED', specification: 'a'.repeat(64), sha256, rows: 3 },
      ...{ publishAt: '2026-11-25T02:00:00.000Z', publishedAt: at },
    })
    assert.deepEqual([rho, delta].map(formatFraction), ['1/3', '1/1000000000'])
    assert.equal(formatFraction(state.spent(day)), '13/30')
    assert.equal(formatFraction(state.spent('2026-11-21')), '0')
    assert.equal(state.head.seq, 5)
  })

  it('knows partners by id and by key, also those that were revoked', () => {
    const state = folded(added('p'), added('q', 'd'.repeat(64)), revoked('p'))
    assert.deepEqual(
      state.partners().map(({ partner, revokedAt }) => [partner, revokedAt]),
      [
        ['p', at],
        ['q', undefined],
      ],
    )
    assert.equal(state.partnerOfKey('b'.repeat(64))?.revokedAt, at)
    assert.equal(state.partnerOfKey('e'.repeat(64)), undefined)
  })

  it('is the same folded at once or entry by entry, and no fold changes an earlier one', () => {
    const entries = entriesOf(reserved('a'), added('p'), sealed('a'), revoked('p'), published('a'), unsealed)
    const states = [FoldedLedger.empty]
    for (const entry of entries) states.push((states.at(-1) as FoldedLedger).fold([entry]))
    const shown = (state: FoldedLedger) => [state.head, state.releases(), state.partners(), state.isUnsealed(day)]
    for (const [index, state] of states.entries())
      assert.deepEqual(shown(state), shown(FoldedLedger.empty.fold(entries.slice(0, index))))
    assert.deepEqual(shown(FoldedLedger.empty), [emptyHead, [], [], false])
  })

  it('gives nothing out that a reader could change', () => {
    const state = folded(reserved('a'), added('p'))
    for (const given of [state.releases(), state.releases()[0], state.partners(), state.partners()[0]])
      assert.ok(Object.isFrozen(given))
    assert.ok(Object.isFrozen(state.partners()[0]?.datasets))
    assert.ok(Object.isFrozen(state.head))
  })

  const refused: [string, LedgerEvent[], RegExp][] = [
    ['a second reservation', [reserved('a'), reserved('a')], /entry 2 .* reserved before/],
    [
      'a second reservation of what is published',
      [reserved('a'), sealed('a'), published('a'), reserved('a')],
      /entry 4/,
    ],
    ['a seal without a reservation', [sealed('a')], /not reserved, so it cannot be sealed/],
    ['a second seal', [reserved('a'), sealed('a'), sealed('a')], /is SEALED, so it cannot be sealed/],
    ['publication without a seal', [reserved('a'), published('a')], /is RESERVED, so it cannot be published/],
    ['publication without anything', [published('a')], /not reserved, so it cannot be published/],
    ['a second publication', [reserved('a'), sealed('a'), published('a'), published('a')], /is PUBLISHED/],
    ['publication of other bytes', [reserved('a'), sealed('a'), published('a', 'd'.repeat(64))], /not what was sealed/],
    ['a reservation for a day that was given up', [unsealed, reserved('a')], /given up/],
    ['a seal of a day that was given up', [reserved('a'), unsealed, sealed('a')], /given up/],
    ['a day given up twice', [unsealed, unsealed], /given up before/],
    ['a partner added twice', [added('p'), added('p', 'd'.repeat(64))], /added before/],
    ['a key given twice', [added('p'), added('q')], /another's/],
    ['the revocation of nobody', [revoked('p')], /never added/],
    ['a second revocation', [added('p'), revoked('p'), revoked('p')], /revoked before/],
    ['a read by nobody', [{ kind: 'partner.read', partner: 'p', what: 'list' }], /never added/],
    ['a second beginning', [{ kind: 'ledger.begun', id: 'b' }], /begins with/],
    ['a ρ of nothing', [reserved('a', '0')], /no fraction/],
    ['a ρ that is no fraction', [reserved('a', '-1/2')], /no fraction/],
    ['a day that no calendar has', [{ ...unsealed, day: '2026-02-30' } as LedgerEvent], /is none/],
    ['a kind that is not known', [{ kind: 'x' } as unknown as LedgerEvent], /"x" is no event/],
  ]
  for (const [what, events, text] of refused) {
    it(`refuses ${what}, naming the entry`, () => {
      assert.throws(
        () => folded(...events),
        (error) =>
          error instanceof LedgerBrokenError &&
          text.test(error.message) &&
          /entry \d cannot follow/.test(error.message),
      )
      // All but the last of them can follow.
      folded(...events.slice(0, -1))
    })
  }

  it('refuses a ledger that begins with anything else', () => {
    assert.throws(() => FoldedLedger.empty.fold(chainEvents(emptyHead, at, [reserved('a')])), LedgerBrokenError)
  })

  it('lets what was sealed before its day was given up be published', () => {
    const state = folded(reserved('a'), sealed('a'), reserved('b'), unsealed, published('a'))
    assert.equal(state.release(day, 'a')?.state, 'PUBLISHED')
    assert.equal(state.isUnsealed(day), true)
  })
})
