/** `headcount hold` as an operator types it, beside a running installation and without one. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { holdLines } from '../../../services/command-line/hold.ts'
import { WholeInstallation } from '../../privacy/whole-installation.ts'
import { runCommand, temporaryFolder } from './command.ts'

it('places, lists and releases through a running installation', async () => {
  const installation = await WholeInstallation.start()
  try {
    const run = (...args: string[]) => runCommand(['hold', ...args], { HEADCOUNT_DATA_DIR: installation.dir })
    const raw = ['--raw', '--until', '2027-01-31', '--order', '12 O 345/26']
    const placed = await run('place', 'LEG-1', '--why', 'preservation order', '--covers', 'aggregates', ...raw)
    assert.equal(placed.code, 0, placed.output)
    assert.match(placed.output, /^LEG-1 is held from now on: aggregates, raw\.$/m)
    assert.match(placed.output, /raw records are kept until 2027-01-31T00:00:00\.000Z; whoever opts out/)
    const twice = await run('place', 'LEG-1', '--why', 'again')
    assert.equal(twice.code, 1)
    assert.match(twice.output, /answered 400: The request cannot be read. LEG-1 is held already; release it first/)
    const [{ placedAt, ...hold } = { placedAt: '' }, ...others] = await installation.headcount.desk.holds()
    assert.deepEqual(others, [])
    assert.ok(placedAt)
    assert.deepEqual(hold, {
      case: 'LEG-1',
      why: 'preservation order',
      covers: ['aggregates', 'raw'],
      until: '2027-01-31T00:00:00.000Z',
      order: '12 O 345/26',
    })
    const listed = await run('list')
    assert.match(
      listed.output,
      /^LEG-1 +held +aggregates,raw +2026-11-20T12:0\d +2027-01-31T00:00 +12 O 345\/26 +pres/m,
    )
    const released = await run('release', 'LEG-1', '--why', 'settled')
    assert.equal(released.code, 0, released.output)
    assert.match(released.output, /^LEG-1 is released\./)
    assert.ok((await installation.headcount.desk.holds())[0]?.releasedAt)
  } finally {
    await installation.remove()
  }
})

it('places without a running installation too, and says what is wrong with a wish', async () => {
  await using folder = await temporaryFolder()
  const run = (...args: string[]) => runCommand(['hold', ...args], { HEADCOUNT_DATA_DIR: folder.path })
  const wrong = await run('place', 'LEG-2', '--why', 'order', '--raw')
  assert.equal(wrong.code, 1)
  assert.match(wrong.output, /^raw records are held only until a time that is named: .*\n$/)
  const placed = await run('place', 'LEG-2', '--why', 'order')
  assert.match(placed.output, /^LEG-2 is held from now on: aggregates, ledger\.$/m)
  assert.match(placed.output, /raw records are not kept any longer/)
  const listed = await run('list')
  assert.match(listed.output, /^LEG-2 +held +aggregates,ledger /m)
})

it('tells what has ended from what still holds', () => {
  const hold = { case: 'A', why: 'w', covers: ['raw'] as const, placedAt: '2026-11-20T12:00:00.000Z' }
  const until = '2026-12-01T00:00:00.000Z'
  const stateAt = (one: Parameters<typeof holdLines>[0][number], now: string) =>
    /^A +(.*?) {2}/m.exec(holdLines([one], Date.parse(now)))?.[1]
  assert.equal(stateAt({ ...hold, until }, '2026-11-30'), 'held')
  assert.equal(stateAt({ ...hold, until }, '2026-12-01'), 'ended')
  assert.equal(stateAt({ ...hold, covers: ['raw', 'ledger'], until }, '2026-12-01'), 'held, raw ended')
  assert.equal(stateAt({ ...hold, covers: ['ledger'] }, '2027-12-01'), 'held')
  assert.equal(stateAt({ ...hold, until, releasedAt: until }, '2026-11-30'), 'released')
})
