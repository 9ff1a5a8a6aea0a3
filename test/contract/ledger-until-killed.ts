/** Appends to a ledger on the embedded engines for ever, telling each append that resolved; made to be killed. */
import path from 'node:path'
import { systemClock } from '../../shared/clock.ts'
import { openEmbeddedKeyValue } from '../../shared/keyvalue/embedded.ts'
import { openLedger } from '../../shared/ledger/warehouse-ledger.ts'
import { openEmbeddedWarehouse } from '../../shared/warehouse/embedded.ts'

const [dir = '', run = ''] = process.argv.slice(2)
const keyValue = await openEmbeddedKeyValue({ dir: path.join(dir, 'values'), clock: systemClock })
const warehouse = await openEmbeddedWarehouse({ dir: path.join(dir, 'tables') })
const ledgers = await Promise.all([1, 2].map(() => openLedger({ keyValue, warehouse, clock: systemClock })))
const [specification, delta] = ['a'.repeat(64), '1/1000000000']
const sender = async (name: number) => {
  for (let index = 0; ; index++) {
    const dataset = `r${run}_${name}_${index}`
    const event = { kind: 'budget.reserved', day: '2026-11-23', dataset, specification, rho: '1/1000', delta } as const
    const decided = await ledgers[name % 2]?.append((state) => ({ events: [event], result: state.head.seq + 1 }))
    process.stdout.write(`${decided} ${dataset}\n`)
  }
}
for (let name = 0; name < 6; name++) void sender(name)
