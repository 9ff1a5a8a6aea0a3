/**
 * The process that is killed while it reserves: dozens of requests at once for fractions of one day's budget. Tells first
 * what stands in the ledger, then each answer it got.
 */
import { writeSync } from 'node:fs'
import path from 'node:path'
import { Random } from '../../../services/command-line/demo-random.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { formatFraction, fraction } from '../../../shared/fraction.ts'
import { openEmbeddedKeyValue } from '../../../shared/keyvalue/embedded.ts'
import { openRedisKeyValue } from '../../../shared/keyvalue/redis.ts'
import { openLedger } from '../../../shared/ledger/warehouse-ledger.ts'
import { openEmbeddedWarehouse } from '../../../shared/warehouse/embedded.ts'
import { MemoryEventLog } from '../../doubles/memory-event-log.ts'
import { ask, budgetDay, entriesOf } from './budget-attack.ts'
import { verdictOf } from './ledger-verdict.ts'
import { Observer } from './seal-phases.ts'

export interface BudgetSettings {
  readonly dir: string
  /** Empty: LMDB in the folder. */
  readonly redisUrl: string
  readonly seed: number
  readonly requests: number
  readonly aim?: { phase: string; times: number } | undefined
}

export type BudgetTold =
  | { entries: Record<string, string>; ledger: string }
  | { dataset: string; rho: string; outcome: string }
  | { done: true }

const { dir, redisUrl, seed, requests, aim }: BudgetSettings = JSON.parse(process.argv[2] ?? '{}')
/** The ledger writes what waits together as one block; so there are several. */
const atOnce = 20
const tell = (told: BudgetTold) => writeSync(1, `${JSON.stringify(told)}\n`)
let timesLeft = aim?.times ?? 0
const observer = new Observer((phase) => {
  if (phase === aim?.phase && --timesLeft === 0) process.kill(process.pid, 'SIGKILL')
})
const clock = new ManualClock(`${budgetDay}T12:00:00Z`)
const plain = {
  log: new MemoryEventLog(clock, 1),
  keyValue: redisUrl
    ? await openRedisKeyValue({ url: redisUrl, warn: () => undefined })
    : await openEmbeddedKeyValue({ dir: path.join(dir, 'key-value'), clock }),
  warehouse: await openEmbeddedWarehouse({ dir: path.join(dir, 'warehouse') }),
}
const engines = observer.engines(plain)
const ledger = observer.ledger(await openLedger({ ...engines, clock }))
// A second one over the same stores, as another process would have; unobserved, so that it can be on its way anywhere.
const other = await openLedger({ ...plain, clock })
const entries = await entriesOf(ledger)
tell({
  entries: Object.fromEntries([...entries].map(([dataset, rho]) => [dataset, formatFraction(rho)])),
  ledger: await verdictOf(ledger),
})
const random = new Random(seed)
for (let from = 0; from < requests; from += atOnce) {
  await Promise.all(
    Array.from({ length: atOnce }, async (_, index) => {
      const dataset = `d${seed}_${from + index}`
      // A 60th to a 180th of the budget: so small that lives which die early leave some to those after them.
      const rho = fraction(3, 200 * random.integer(60, 180))
      const outcome = await ask(index % 4 === 3 ? other : ledger, dataset, rho)
      tell({ dataset, rho: formatFraction(rho), outcome })
    }),
  )
}
tell({ done: true })
await plain.keyValue.close()
await plain.warehouse.close()
process.exit(0)
