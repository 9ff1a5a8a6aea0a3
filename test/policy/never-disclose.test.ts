/**
 * never-disclose: "never … in a manner that would identify you as an individual". A release states what it gives away at
 * most, a day has a budget for all releases together, and the ledger, which nobody can change unseen, grants no more.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { add, compare, type Fraction, fraction, parseFraction, zero } from '../../shared/fraction.ts'
import { BudgetExceededError, reserve } from '../../shared/ledger/budget.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import { verifyLedger } from '../../shared/ledger/verify-ledger.ts'
import { openLedger } from '../../shared/ledger/warehouse-ledger.ts'
import { epsilonAudit } from '../privacy/attack/epsilon-audit.ts'
import { ReleasedDay, releasedDataset, releasedDay } from '../privacy/canary-release.ts'
import { ask, budgetDay, partOf } from '../privacy/seal/budget-attack.ts'
import { Choices } from '../privacy/seal/choices.ts'
import { seededRandom } from '../services/release/seeded-random.ts'

let day: ReleasedDay
before(async () => {
  day = await ReleasedDay.start()
})
after(() => day.remove())

const budget = () => day.world.headcount.catalogue.releases.rho

/** Asks the installation's own ledger for a part of a day's budget, as its sealer does. */
function spend(when: string, dataset: string, rho: Fraction): Promise<string> {
  return day.world.headcount.ledger.append((state) => {
    const asked = { day: when, dataset, specification: 'a'.repeat(64), rho, delta: fraction(1, 1_000_000_000) }
    const decision = reserve(state, { ...asked, budgetRho: budget() })
    return { events: decision.outcome === 'reserved' ? [decision.event] : [], result: decision.outcome }
  })
}

/** What the ledger says was spent of a day. */
async function spent(when: string): Promise<Fraction> {
  let sum = zero
  for await (const { event } of day.world.headcount.ledger.entries())
    if (event.kind === 'budget.reserved' && event.day === when) sum = add(sum, parseFraction(event.rho) ?? zero)
  return sum
}

test('each release says what it gives away of anybody at most, and the ledger has it from before the noise was drawn', async () => {
  const { guarantee, parameters } = (await (await day.pull(await day.partner(), '')).json()) as {
    guarantee: Record<string, unknown> & { day: { epsilon: number; delta: number } }
    parameters: { unit: string }
  }
  assert.match(parameters.unit, /everything that one identifier did on one UTC day/)
  assert.match(String(guarantee.definition), /differential privacy; adding or removing one unit/)
  assert.equal(guarantee.rhoOfDay, '3/200')
  assert.ok(guarantee.day.epsilon > 0.5 && guarantee.day.epsilon < 1.5 && guarantee.day.delta <= 1e-6)
  assert.equal(compare(await spent(releasedDay), budget()), 0)
  const kinds: string[] = []
  for await (const { event } of day.world.headcount.ledger.entries())
    if ('day' in event && event.day === releasedDay && event.kind !== 'partner.read') kinds.push(event.kind)
  assert.deepEqual(kinds, ['budget.reserved', 'release.sealed', 'release.published'])
})

test('what a day has spent nobody gets again: not for another dataset, not a ten-thousandth of it; another day has its own', async () => {
  for (const rho of [budget(), fraction(1, 1_000_000)])
    await assert.rejects(spend(releasedDay, 'another', rho), BudgetExceededError)
  assert.equal(
    await spend(releasedDay, releasedDataset, budget()),
    'already',
    'its own release is the one that there is',
  )
  assert.equal(compare(await spent(releasedDay), budget()), 0)
  assert.equal(await spend('2026-11-21', 'another', budget()), 'reserved', 'the control')
  await assert.rejects(spend('2026-11-21', 'third', fraction(1, 1_000_000)), BudgetExceededError)
})

test('of a hundred requests at once, in several processes, no more is granted than a day has', async () => {
  const { engines } = day.world.headcount
  const choices = new Choices(seededRandom('never-disclose budget'))
  const ledgers: Ledger[] = []
  for (let process = 0; process < 4; process++) ledgers.push(await openLedger({ ...engines, clock: day.world.clock }))
  const asked = Array.from({ length: 100 }, () => partOf(choices))
  const outcomes = await Promise.all(asked.map((rho, at) => ask(ledgers[at % 4]!, `d${at}`, rho)))
  assert.ok(compare(asked.reduce(add, zero), budget()) > 0, 'the control: together they are more than there is')
  assert.deepEqual([...new Set(outcomes)].sort(), ['granted', 'refused'])
  assert.ok(compare(await spent(budgetDay), budget()) <= 0)
})

test('measured on many releases with and without one device, ε is what is stated; with too little noise it is more', async () => {
  const random = seededRandom('never-disclose epsilon')
  const { verdict, figure, controlFigure } = await epsilonAudit.run({
    ...{ trials: epsilonAudit.trialsShort, random, onProgress: () => undefined },
  })
  assert.equal(verdict, 'withstood', `${figure}; control ${controlFigure}`)
})

test('an entry that is changed in the table is found; then nothing more is spent, and no partner is answered', async () => {
  const { engines, ledger } = day.world.headcount
  const key = await day.partner()
  const verdict = () => verifyLedger(ledger, { budgetRho: budget() })
  assert.deepEqual((await verdict()).problems, [], 'the control: as it stands the chain is whole')
  assert.equal((await day.pull(key)).status, 200)
  await engines.warehouse.command(
    "ALTER TABLE ledger UPDATE event = replace(event, '3/200', '1/200') WHERE event LIKE '%3/200%'",
  )
  assert.match((await verdict()).problems.join('\n'), /entry \d+ was changed/)
  await assert.rejects(openLedger({ ...engines, clock: day.world.clock }), { name: 'LedgerBrokenError' })
})
