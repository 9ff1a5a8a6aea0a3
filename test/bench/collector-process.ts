/** A collector over a real embedded event log, synced, in a process of its own; answers with its processor time. */
import path from 'node:path'
import { LogSink } from '../../services/collector/event-sink.ts'
import { createUnitHash } from '../../services/collector/partition.ts'
import { createCollector } from '../../services/collector/server.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { systemClock } from '../../shared/clock.ts'
import { readConfig } from '../../shared/config.ts'
import { openEmbeddedEventLog } from '../../shared/eventlog/embedded.ts'
import { createLogger } from '../../shared/logger.ts'
import { createMetrics } from '../../shared/metrics.ts'
import { processorSeconds } from './measured-process.ts'

const dir = process.argv[2] ?? ''
const config = readConfig({ HEADCOUNT_COLLECTOR_PORT: '0' })
const clock = systemClock
const log = await openEmbeddedEventLog({
  dir: path.join(dir, 'event-log'),
  partitions: config.partitions,
  clock,
  pendingBytesMax: config.pendingBytesMax,
})
const collector = await createCollector({
  config,
  catalogue: readCatalogue(''),
  sink: new LogSink(log, createUnitHash('bench-write-key-0001')),
  credentials: { writeKey: 'bench-write-key-0001', adminToken: 'bench-admin-token-01' },
  clock,
  logger: createLogger({ logLevel: 'warn' }),
  metrics: createMetrics(false),
  readiness: () => ({ ready: true, checks: {} }),
})
const url = await collector.listen()

process.on('message', (message: { parse?: string[] }) => {
  if (!message.parse) return process.send?.({ seconds: processorSeconds(), cpu: process.cpuUsage() })
  // The yardstick, in the same process: JSON.parse of the very same bodies, from bytes as they come from a socket.
  const bodies = message.parse.map((body) => Buffer.from(body))
  const before = processorSeconds()
  let events = 0
  for (let round = 0; round < 10; round++)
    for (const body of bodies) events += (JSON.parse(body.toString()) as { events: unknown[] }).events.length
  process.send?.({ seconds: processorSeconds() - before, events })
})
process.send?.({ url })
process.on('disconnect', () => process.exit(0))
