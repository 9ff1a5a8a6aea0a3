/** What holds a ledger together is left out, part by part. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { compare, fraction } from '../../shared/fraction.ts'
import { headKey } from '../../shared/ledger/ledger-head.ts'
import { openLedgerReader } from '../../shared/ledger/ledger-reader.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import { verifyLedger } from '../../shared/ledger/verify-ledger.ts'
import { isBroken, type Law } from './ledger-law.ts'
import {
  allEntries,
  budgetRho,
  reserveShare,
  tally,
  withChanged,
  withoutCompare,
  withoutOthers,
  withoutTokens,
} from './ledger-stores.ts'

/** The controls: each safeguard is left out, and what the laws look at shows it. */
export function safeguardsLeftOut(law: Law): void {
  describe('safeguards left out', () => {
    const race = async (ledgers: Ledger[]) =>
      tally(
        await Promise.allSettled(
          Array.from({ length: 90 }, (_, index) =>
            reserveShare(ledgers[index % ledgers.length] as Ledger, `d${index}`),
          ),
        ),
      )

    law('without the compare-and-set the tokens alone keep to the budget', async (tools) => {
      const keyValue = withoutCompare(tools.keyValue)
      const ledgers = await Promise.all([tools.open({ keyValue }), tools.open({ keyValue }), tools.open({ keyValue })])
      const { done = 0 } = await race(ledgers)
      assert.ok(done > 0 && done <= 15, `${done}`)
      await tools.keyValue.delete(headKey)
      const { entries, problems } = await verifyLedger(await tools.open(), { budgetRho })
      assert.ok(entries >= done + 1)
      assert.deepEqual(problems, [])
    })

    law('without it and without tokens the read-back finds the fork and refuses', async (tools) => {
      const changed = { keyValue: withoutCompare(tools.keyValue), warehouse: withoutTokens(tools.warehouse) }
      const ledgers = [await tools.open(changed), await tools.open(changed), await tools.open(changed)]
      const { done = 0, LedgerBrokenError: refused = 0 } = await race(ledgers)
      assert.ok(refused > 0 && done <= 15, `${done} done, ${refused} refused`)
      await assert.rejects(tools.open(), isBroken(/two entries/))
    })

    law('without all three the budget is overspent, and these tests see it', async (tools) => {
      const [first] = await allEntries(await tools.open())
      assert.ok(first)
      await tools.warehouse.command('ALTER TABLE ledger DELETE WHERE seq >= 0')
      const ledgers = await Promise.all(
        [1, 2, 3].map(async () =>
          tools.open({
            keyValue: withChanged(withoutCompare(tools.keyValue), { get: async () => undefined }),
            warehouse: withoutOthers(withoutTokens(tools.warehouse)),
          }),
        ),
      )
      assert.deepEqual(await race(ledgers), { done: 45, BudgetExceededError: 45 })
      const { problems } = await verifyLedger(openLedgerReader(tools), { budgetRho })
      assert.match(problems.join('\n'), /two entries 1\b/)
      assert.match(problems.join('\n'), /costs ρ .*, more than the 3\/200/)
      assert.ok(compare(fraction(45, 1000), budgetRho) > 0)
    })
  })
}
