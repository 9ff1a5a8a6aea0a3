/**
 * A worker over a log that this process has filled itself, without a collector. Asked with `{ events, devices }` it
 * appends so many more events and answers once they are stored: processor seconds, of the storing alone, and memory.
 */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { locateNowhere } from '../../services/worker/locate.ts'
import { Worker } from '../../services/worker/worker.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { systemClock } from '../../shared/clock.ts'
import { encodeRecord } from '../../shared/event.ts'
import { openEmbeddedEventLog } from '../../shared/eventlog/embedded.ts'
import type { EventLog } from '../../shared/eventlog/port.ts'
import { openEmbeddedKeyValue } from '../../shared/keyvalue/embedded.ts'
import { createLogger } from '../../shared/logger.ts'
import { createMetrics } from '../../shared/metrics.ts'
import { openEmbeddedWarehouse } from '../../shared/warehouse/embedded.ts'
import { memoryChoiceBook } from '../doubles/memory-choice-log.ts'
import { BenchEvents, recordOfBatch } from './bench-events.ts'
import { processorSeconds } from './measured-process.ts'

const [, , dir = '', seed = '1', devices = '5000', chosen = '', eventsPerRecord = '100'] = process.argv
const clock = systemClock
const log = await openEmbeddedEventLog({ dir: path.join(dir, 'event-log'), partitions: 1, clock, pendingBytesMax: 1e9 })
const keyValue = await openEmbeddedKeyValue({ dir: path.join(dir, 'key-value'), clock })
const warehouse = await openEmbeddedWarehouse({ dir: path.join(dir, 'warehouse') })
// The worker is let at the log only when it has been filled, so that filling is not measured with it.
let isOpen = false
const waiting: (() => void)[] = []
function openGate(): void {
  isOpen = true
  for (const go of waiting.splice(0)) go()
}
const gated: EventLog = new Proxy(log, {
  get: (target, name) => {
    if (name !== 'subscribe') return bound(target, name)
    return (handler: Parameters<EventLog['subscribe']>[0]) =>
      log.subscribe({
        ...handler,
        assigned: (assignment) =>
          handler.assigned({
            partition: assignment.partition,
            epoch: assignment.epoch,
            isCurrent: () => assignment.isCurrent(),
            committed: () => assignment.committed(),
            commit: (position, metadata) => assignment.commit(position, metadata),
            read: async (from, limit) => {
              if (!isOpen) await new Promise<void>((go) => waiting.push(go))
              return assignment.read(from, limit)
            },
          }),
      })
  },
})
/** Of an installation in which so many others have opted out; empty: without a book. */
const choices = chosen === '' ? undefined : memoryChoiceBook(clock)
for (let number = 0; choices && number < Number(chosen); number++)
  await choices.log.append({
    ...{ subject: choices.subjectOf('device', `chosen ${number}`), act: 'opt-out', by: 'owner', policy: '1' },
  })
const worker = new Worker({
  ...(choices && { choices }),
  log: gated,
  keyValue,
  warehouse,
  catalogue: readCatalogue(''),
  clock,
  logger: createLogger({ logLevel: 'warn' }),
  metrics: createMetrics(false),
  locate: locateNowhere,
  lingerMs: 0,
  scratchDir: path.join(dir, 'scratch'),
  onFatal: (error) => {
    throw error
  },
})
await worker.start()
const supply = new BenchEvents(Number(seed), Number(devices))
/** Event times stay where they are, so that every run fills the same cells. */
const startedAt = Date.now()
let lastPosition = -1

async function fill(events: number): Promise<void> {
  isOpen = false
  const size = Number(eventsPerRecord)
  for (let left = events; left > 0; ) {
    const batches = Math.min(100, Math.ceil(left / size))
    const records = Array.from({ length: batches }, () => ({
      partition: 0,
      value: encodeRecord(recordOfBatch(supply.batch(size, startedAt), startedAt)),
    }))
    lastPosition = (await log.append(records)).at(-1)?.position ?? lastPosition
    left -= batches * size
  }
}

async function stored(): Promise<void> {
  while ((worker.progress()[0]?.position ?? 0) <= lastPosition) await sleep(5)
}

async function handle({ events, merge }: { events: number; merge?: boolean }): Promise<void> {
  await fill(events)
  globalThis.gc?.()
  const before = processorSeconds()
  const startedMs = performance.now()
  openGate()
  await stored()
  const seconds = processorSeconds() - before
  const wallSeconds = (performance.now() - startedMs) / 1000
  if (merge) await warehouse.command('OPTIMIZE TABLE cells FINAL')
  globalThis.gc?.()
  process.send?.({
    seconds,
    wallSeconds,
    rssBytes: process.memoryUsage.rss(),
    tableBytes: await warehouse.tableBytes(),
  })
}

function bound(target: object, name: string | symbol): unknown {
  const value = Reflect.get(target, name)
  return typeof value === 'function' ? value.bind(target) : value
}

process.on('message', (question: { events: number; merge?: boolean }) => void handle(question))
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
