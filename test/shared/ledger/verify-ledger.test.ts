import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fraction } from '../../../shared/fraction.ts'
import { emptyHead, entryHash } from '../../../shared/ledger/chain.ts'
import { LedgerBrokenError, type LedgerEntry, type LedgerState } from '../../../shared/ledger/port.ts'
import { verifyLedger } from '../../../shared/ledger/verify-ledger.ts'
import { added, entriesOf, folded, published, reserved, sealed } from './folded.ts'

const budgetRho = fraction(15, 1000)
const good = entriesOf(reserved('a'), sealed('a'), published('a'), added('p'), reserved('b'))

async function problemsOf(entries: readonly LedgerEntry[], keptHead?: string, state?: () => Promise<LedgerState>) {
  const { seq, hash } = entries.at(-1) ?? emptyHead
  const ledger = {
    async *entries() {
      yield* entries
    },
    state: state ?? (async () => ({ ...folded(), head: { seq, hash } }) as LedgerState),
  }
  return await verifyLedger(ledger, { budgetRho, ...(keptHead !== undefined && { keptHead }) })
}

describe('verifying the ledger', () => {
  it('counts a whole one and finds nothing, also with each head that was ever kept', async () => {
    const { seq, hash } = good.at(-1) as LedgerEntry
    assert.deepEqual(await problemsOf(good), { entries: 6, head: { seq, hash }, problems: [] })
    for (const one of good) assert.deepEqual((await problemsOf(good, `${one.seq}:${one.hash}`)).problems, [])
    assert.deepEqual(await problemsOf([]), { entries: 0, head: emptyHead, problems: [] })
  })

  const changed = good.map((entry) => (entry.seq === 2 ? { ...entry, at: '2026-11-24T10:00:00.001Z' } : entry))
  const rehashed = good.map((entry) =>
    entry.seq === 2 ? { ...changed[2], hash: entryHash(changed[2] as LedgerEntry) } : entry,
  ) as LedgerEntry[]
  for (const [what, entries, problems] of [
    ['a changed entry', changed, [/^entry 2 was changed/]],
    ['a changed entry with its own hash', rehashed, [/^entry 3 does not follow the entry 2/]],
    ['two that are missing', [...good.slice(0, 4), ...good.slice(5)], [/^entry 4 is missing/]],
    ['a double', [...good.slice(0, 5), good[4], good[5]] as LedgerEntry[], [/two entries 4/, /added before/]],
    [
      'over budget',
      entriesOf(reserved('a'), reserved('b', '1/50')),
      [/entry 2 .* costs ρ 21\/1000, more than the 3\/200/],
    ],
  ] as const) {
    it(`tells ${what}, once`, async () => {
      const found = (await problemsOf(entries)).problems
      assert.equal(found.length, problems.length, found.join('\n'))
      for (const [index, text] of problems.entries()) assert.match(found[index] ?? '', text)
    })
  }

  it('tells a transition that was broken with right hashes', async () => {
    const [begun, first] = entriesOf(reserved('a'))
    assert.ok(begun && first)
    const again = { ...first, seq: 2, previous: first.hash }
    const { problems } = await problemsOf([begun, first, { ...again, hash: entryHash(again) }])
    assert.match(problems.join('\n'), /^entry 2 cannot follow: the budget of a of 2026-11-23 was reserved before$/)
  })

  it('tells a head that was kept and is not there, is not yet there, or is no head', async () => {
    const other = 'd'.repeat(64)
    assert.match(
      (await problemsOf(good, `2:${other}`)).problems.join(),
      /entry 2 does not have the hash d+ that was kept/,
    )
    assert.match(
      (await problemsOf(good, `9:${other}`)).problems.join(),
      /entry 9 .* is missing: the ledger ends with 5/,
    )
    assert.match((await problemsOf(good, '2')).problems.join(), /cannot be read: give it as <number>:/)
  })

  it('tells when the state is refused, and passes on that a store is away', async () => {
    const refuse = (error: Error) => () => Promise.reject(error)
    const { problems } = await problemsOf(good, undefined, refuse(new LedgerBrokenError('the stores contradict')))
    assert.deepEqual(problems, ['the stores contradict'])
    await assert.rejects(problemsOf(good, undefined, refuse(new Error('away'))), /away/)
  })

  it('tells a hundred problems and how many more there are', async () => {
    const { problems } = await problemsOf(entriesOf(...Array.from({ length: 250 }, (_, i) => reserved(`d${i}`, '1'))))
    assert.equal(problems.length, 101)
    assert.equal(problems.at(-1), 'and 150 more')
  })
})
