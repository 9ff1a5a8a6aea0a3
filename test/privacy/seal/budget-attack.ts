/**
 * A thousand requests at once, each for a part of one day's budget, through several ledgers over the same stores. What is
 * granted never adds up to more than there is, and who is refused gets nothing.
 */
import path from 'node:path'
import { ManualClock } from '../../../shared/clock.ts'
import {
  add,
  compare,
  type Fraction,
  formatFraction,
  fraction,
  parseFraction,
  toNumber,
  zero,
} from '../../../shared/fraction.ts'
import { openEmbeddedKeyValue } from '../../../shared/keyvalue/embedded.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import { BudgetExceededError, reserve } from '../../../shared/ledger/budget.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
import { openLedger } from '../../../shared/ledger/warehouse-ledger.ts'
import { openEmbeddedWarehouse } from '../../../shared/warehouse/embedded.ts'
import type { Warehouse } from '../../../shared/warehouse/port.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { type Attack, type AttackResult, type AttackTools, verdictOf } from '../attack/attack-types.ts'
import { Choices } from './choices.ts'

export const budgetRho = fraction(3, 200)
export const budgetDay = '2026-11-23'
const ledgersCount = 4
const specification = 'a'.repeat(64)

export const budgetAttack: Attack = {
  id: 'budget',
  name: 'requests at once for fractions of a budget',
  trials: 1000,
  trialsShort: 200,
  run: (tools) =>
    withTemporaryDirectory(async (dir) => {
      const clock = new ManualClock(`${budgetDay}T12:00:00Z`)
      const keyValue = await openEmbeddedKeyValue({ dir: path.join(dir, 'key-value'), clock })
      const warehouse = await openEmbeddedWarehouse({ dir: path.join(dir, 'warehouse') })
      try {
        return await attackBudget({ keyValue, warehouse }, tools)
      } finally {
        await keyValue.close()
        await warehouse.close()
      }
    }),
}

/** @param stores the requests go through as many ledgers as other processes would have */
export async function attackBudget(
  stores: { keyValue: KeyValue; warehouse: Warehouse },
  { trials, random, onProgress }: AttackTools,
): Promise<AttackResult> {
  const choices = new Choices(random)
  const clock = new ManualClock(`${budgetDay}T12:00:00Z`)
  const ledgers: Ledger[] = []
  for (let index = 0; index < ledgersCount; index++) ledgers.push(await openLedger({ ...stores, clock }))
  const asked = Array.from({ length: trials }, (_, index) => ({ dataset: `d${index}`, rho: partOf(choices) }))
  let done = 0
  const outcomes = await Promise.all(
    asked.map(async ({ dataset, rho }, index) => {
      const outcome = await ask(ledgers[index % ledgersCount]!, dataset, rho)
      onProgress(++done)
      return outcome
    }),
  )
  const granted = await entriesOf(ledgers[0]!)
  const spent = [...granted.values()].reduce(add, zero)
  const refusedWithData = outcomes.filter((outcome, index) => outcome !== 'granted' && granted.has(`d${index}`)).length
  const grantedWithout = outcomes.filter((outcome, index) => outcome === 'granted' && !granted.has(`d${index}`)).length
  const strange = outcomes.filter((outcome) => outcome !== 'granted' && outcome !== 'refused')
  // Every part that was refused was too large for what was left at the end, or the ledger refuses for no reason.
  const needless = asked.filter(
    ({ rho }, index) => outcomes[index] === 'refused' && compare(add(spent, rho), budgetRho) <= 0,
  ).length
  const control = unguarded(asked)
  const isKept = compare(spent, budgetRho) <= 0 && refusedWithData + grantedWithout + strange.length + needless === 0
  return {
    trials,
    figure: `ρ ${toText(spent)} for ${granted.size} of ${trials}`,
    bound: `ρ ${toText(budgetRho)}`,
    controlFigure: `ρ ${toText(control)} without a compare-and-set`,
    verdict: verdictOf(isKept, compare(control, budgetRho) > 0),
    detail: [
      `${outcomes.filter((outcome) => outcome === 'refused').length} refused, ${refusedWithData} of them with an entry, ${needless} without need; ${grantedWithout} granted without an entry`,
      ...strange.slice(0, 3).map((outcome) => `strange: ${outcome}`),
    ],
  }
}

export async function ask(ledger: Ledger, dataset: string, rho: Fraction): Promise<string> {
  try {
    return await ledger.append((state) => {
      const asked = { day: budgetDay, dataset, specification, rho, delta: fraction(1, 1_000_000_000), budgetRho }
      const decision = reserve(state, asked)
      return { events: decision.outcome === 'reserved' ? [decision.event] : [], result: 'granted' }
    })
  } catch (error) {
    return error instanceof BudgetExceededError ? 'refused' : String(error)
  }
}

/** Between a fiftieth and a thousandth of the budget, with awkward denominators. */
export function partOf(choices: Choices): Fraction {
  return fraction(3 * (2 + choices.below(12)), 200 * (301 + choices.below(700)))
}

/** ρ by dataset, from the entries themselves. */
export async function entriesOf(ledger: Ledger): Promise<Map<string, Fraction>> {
  const found = new Map<string, Fraction>()
  for await (const { event } of ledger.entries()) {
    if (event.kind !== 'budget.reserved') continue
    if (found.has(event.dataset)) throw new Error(`${event.dataset} is reserved twice`)
    found.set(event.dataset, parseFraction(event.rho) ?? zero)
  }
  return found
}

/** Control: each looks at what is spent, and writes; all look before the first has written. */
function unguarded(asked: readonly { rho: Fraction }[]): Fraction {
  const seen = zero
  let spent = zero
  for (const { rho } of asked) if (compare(add(seen, rho), budgetRho) <= 0) spent = add(spent, rho)
  return spent
}

function toText(rho: Fraction): string {
  const exact = formatFraction(rho)
  return exact.length < 12 ? exact : toNumber(rho).toFixed(6)
}
