/** Inserts blocks of 2,000 rows for ever, telling each that has been acknowledged; made to be killed. */
import { openEmbeddedWarehouse } from '../../shared/warehouse/embedded.ts'
import { block, createEvents } from './warehouse.ts'

const [dir = '', firstText = '0'] = process.argv.slice(2)
const warehouse = await openEmbeddedWarehouse({ dir })
await warehouse.command(createEvents)
for (let index = Number(firstText); ; index++) {
  await warehouse.insert(block(2000, `insert-${index}`, index * 2000))
  process.stdout.write(`${index}\n`)
}
