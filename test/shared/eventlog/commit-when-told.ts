/**
 * A worker for one test: takes every partition, then for each line on standard input commits in the first and says what
 * came of it. Arguments: bootstrap, topic prefix, and `blind` for one that does not notice how long it was stopped.
 */
import { createInterface } from 'node:readline'
import { openKafkaEventLog } from '../../../shared/eventlog/kafka.ts'
import { parseKafkaUrl } from '../../../shared/eventlog/kafka-url.ts'
import type { Assignment } from '../../../shared/eventlog/port.ts'

const [bootstrap, prefix, sight] = process.argv.slice(2)
const log = await openKafkaEventLog({
  address: parseKafkaUrl(`kafka://${bootstrap}/${prefix}`),
  partitions: 1,
  pendingBytesMax: 1e6,
  sessionTimeoutMs: 2000,
  warn: () => undefined,
  onFatal: () => process.exit(3),
})
const assignments: Assignment[] = []
await log.subscribe({ assigned: (one) => void assignments.push(one), revoked: async () => undefined })
const [first] = assignments as [Assignment]
if (sight === 'blind') {
  const frozen = performance.now()
  performance.now = () => frozen
  // No heartbeat either: what it knows is what it knew when it was stopped.
  globalThis.setTimeout = (() => undefined) as unknown as typeof setTimeout
}
console.log('assigned')
createInterface({ input: process.stdin }).on('line', async (position) => {
  const outcome = await first.commit(Number(position), 'of the zombie').then(
    () => 'committed',
    ({ name, message }: Error) => `${name}: ${message}`,
  )
  console.log(outcome)
})
