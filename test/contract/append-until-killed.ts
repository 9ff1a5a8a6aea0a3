/** Appends to the embedded event log for ever, telling each record that has been acknowledged; made to be killed. */
import { systemClock } from '../../shared/clock.ts'
import { openEmbeddedEventLog } from '../../shared/eventlog/embedded.ts'

const [dir = '', run = ''] = process.argv.slice(2)
const log = await openEmbeddedEventLog({ dir, partitions: 2, clock: systemClock, pendingBytesMax: 1e8 })
const sender = async (name: number) => {
  for (let index = 0; ; index++) {
    const text = `${run}-${name}-${index}`.padEnd(3000, '.')
    try {
      const [appended] = await log.append([{ partition: name % 2, value: Buffer.from(text) }])
      process.stdout.write(`${appended?.partition} ${appended?.position} ${run}-${name}-${index}\n`)
    } catch (error) {
      process.stdout.write(`refused ${(error as Error).name}\n`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
for (let name = 0; name < 8; name++) void sender(name)
