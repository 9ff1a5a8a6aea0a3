/** What a legal hold must be, and what is said of one that cannot be. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HoldError, type HoldTools, type HoldWish, placeHold, releaseHold } from '../../../services/operator/holds.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { endedHolds, heldAt, nothingHeld } from '../../../shared/retention/holds.ts'
import { memoryLedger } from '../../doubles/memory-ledger.ts'

const wish: HoldWish = { case: 'LEG-2026-0417', why: 'preservation order', covers: ['aggregates', 'ledger'] }
const rawWish: HoldWish = { ...wish, covers: ['raw'], until: '2026-12-01', order: '12 O 345/26' }

function open({ mayHoldRaw = true } = {}) {
  const clock = new ManualClock('2026-11-24T10:00:00Z')
  const { ledger, events } = memoryLedger(clock)
  const tools: HoldTools = { ledger, clock, mayHoldRaw }
  const held = async () => heldAt((await ledger.state()).holds(), clock.now())
  return { tools, clock, events, held, ledger }
}

describe('a legal hold', () => {
  it('holds from its placing to its release, and the ledger has both', async () => {
    const { tools, clock, events, held } = open()
    assert.deepEqual(await held(), nothingHeld)
    const placed = await placeHold(tools, wish)
    assert.deepEqual(placed, { ...wish, placedAt: '2026-11-24T10:00:00.000Z' })
    clock.advance(1e12)
    assert.deepEqual(await held(), { aggregates: [wish.case], ledger: [wish.case], raw: [] })
    await releaseHold(tools, wish.case, 'settled')
    assert.deepEqual(await held(), nothingHeld)
    assert.deepEqual(events, [
      { kind: 'hold.placed', ...wish },
      { kind: 'hold.released', case: wish.case, why: 'settled' },
    ])
  })

  it('of raw records ends at its end, to the millisecond, released or not', async () => {
    const { tools, clock, held, ledger } = open()
    const { until, order } = await placeHold(tools, rawWish)
    assert.deepEqual([until, order], ['2026-12-01T00:00:00.000Z', '12 O 345/26'])
    clock.set(Date.parse(String(until)) - 1)
    assert.deepEqual((await held()).raw, [wish.case])
    assert.deepEqual(endedHolds((await ledger.state()).holds(), clock.now()), [])
    clock.advance(1)
    assert.deepEqual(await held(), nothingHeld)
    assert.equal(endedHolds((await ledger.state()).holds(), clock.now()).length, 1)
  })

  it('of raw records and counts goes on for counts when the end has come', async () => {
    const { tools, clock, held, ledger } = open()
    await placeHold(tools, { ...rawWish, covers: ['raw', 'aggregates', 'raw'] })
    clock.set('2026-12-01T00:00:00Z')
    assert.deepEqual(await held(), { aggregates: [wish.case], ledger: [], raw: [] })
    assert.deepEqual(endedHolds((await ledger.state()).holds(), clock.now()), [])
  })

  it('can be placed beside another, and again once it was released', async () => {
    const { tools, held } = open()
    await placeHold(tools, wish)
    await placeHold(tools, { ...wish, case: 'LEG-2' })
    await assert.rejects(placeHold(tools, wish), /LEG-2026-0417 is held already; release it first/)
    await releaseHold(tools, wish.case, 'over')
    assert.deepEqual((await held()).aggregates, ['LEG-2'])
    await placeHold(tools, wish)
    assert.deepEqual((await held()).aggregates, ['LEG-2', wish.case])
  })

  it('of two that are placed at the same time under one case only one is', async () => {
    const { tools, events } = open()
    const settled = await Promise.allSettled([placeHold(tools, wish), placeHold(tools, wish)])
    assert.deepEqual(settled.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.equal(events.length, 1)
  })
})

describe('what is refused', () => {
  const refusals: readonly [string, object, RegExp][] = [
    ['no case', { case: '' }, /`case` must be 1 to 100 printable characters on one line/],
    ['a case that is no text', { case: 17 }, /`case` must be/],
    ['a long case', { case: 'x'.repeat(101) }, /`case` must be/],
    ['a case of two lines', { case: 'LEG\n1' }, /`case` must be/],
    ['a case that sends a terminal commands', { case: 'LEG\u001b[2J' }, /`case` must be/],
    ['no reason', { why: ' ' }, /`why` must be 1 to 500/],
    ['somebody’s address as the case', { case: 'jane.doe@example.com' }, /`case` looks like something that identifies/],
    ['somebody’s address in the reason', { why: 'asked by jane.doe@example.com' }, /`why` looks like/],
    ['nothing covered', { covers: [] }, /covers one or more of aggregates, ledger, raw/],
    ['something unknown covered', { covers: ['aggregates', 'keys'] }, /covers one or more of/],
    ['covers that is no list', { covers: 'raw' }, /covers one or more of/],
    ['an end without raw records', { until: '2027-01-01' }, /belong to a hold of raw records/],
    ['an order without raw records', { order: 'x' }, /belong to a hold of raw records/],
  ]
  for (const [what, over, text] of refusals)
    it(`${what}: nothing is held, and the text says what to do`, async () => {
      const { tools, events } = open()
      await assert.rejects(placeHold(tools, { ...wish, ...over } as HoldWish), (error: Error) => {
        assert.ok(error instanceof HoldError)
        assert.match(error.message, text)
        return true
      })
      assert.deepEqual(events, [])
    })

  const rawRefusals: readonly [string, object, RegExp][] = [
    ['without an end', { until: undefined }, /only until a time that is named/],
    ['until a moment that has passed', { until: '2026-11-24T10:00:00Z' }, /still to come/],
    ['until some day that there is not', { until: '2026-11-31' }, /only until a time that is named/],
    ['until a number', { until: 1 }, /only until a time that is named/],
    ['until a word', { until: 'the trial' }, /only until a time that is named/],
    ['without an order', { order: undefined }, /`order` must be 1 to 100/],
  ]
  for (const [what, over, text] of rawRefusals)
    it(`raw records ${what}`, async () => {
      const { tools, events } = open()
      await assert.rejects(placeHold(tools, { ...rawWish, ...over } as HoldWish), text)
      assert.deepEqual(events, [])
    })

  it('raw records in Kafka, and where it is said how they are preserved; counts may be held there', async () => {
    const { tools, held } = open({ mayHoldRaw: false })
    await assert.rejects(placeHold(tools, rawWish), /Kafka cannot be held from here.*infra\/retention\.md says how/)
    await placeHold(tools, wish)
    assert.deepEqual((await held()).aggregates, [wish.case])
  })

  it('a release of what is not held', async () => {
    const { tools } = open()
    await assert.rejects(releaseHold(tools, 'LEG-9', 'over'), /LEG-9 is not held; `headcount hold list` shows/)
    await placeHold(tools, wish)
    await releaseHold(tools, wish.case, 'over')
    await assert.rejects(releaseHold(tools, wish.case, 'over'), /is not held/)
    await assert.rejects(releaseHold(tools, wish.case, ''), /`why` must be/)
  })
})
