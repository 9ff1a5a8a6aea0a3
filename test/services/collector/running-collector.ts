/** A collector on a free port over in-memory engines, for tests of what it answers and what it writes. */

import { LogSink } from '../../../services/collector/event-sink.ts'
import { createUnitHash } from '../../../services/collector/partition.ts'
import { type Collector, createCollector } from '../../../services/collector/server.ts'
import type { Catalogue } from '../../../shared/catalogue.ts'
import { readCatalogue } from '../../../shared/catalogue-file.ts'
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import { type Clock, systemClock } from '../../../shared/clock.ts'
import { type Config, readConfig } from '../../../shared/config.ts'
import { decodeRecord, eventsOf } from '../../../shared/event.ts'
import { createLogger } from '../../../shared/logger.ts'
import { createMetrics, type Metrics } from '../../../shared/metrics.ts'
import { MemoryEventLog } from '../../doubles/memory-event-log.ts'

export const writeKey = 'write-key-for-tests-0001'
export const adminToken = 'admin-token-for-tests-01'
export const event = { id: 'e1', time: '2026-11-23T10:15:00Z', feature: 'services', device: 'd1' }

/** A log record with its events as `[id, time, feature, fields]`. */
export type DecodedRecord = ReturnType<typeof readRecord>

export interface RunningCollector extends AsyncDisposable {
  url: string
  collector: Collector
  log: MemoryEventLog
  metrics: Metrics
  /** Lines that the logger wrote. */
  lines: string[]
  records(): DecodedRecord[]
  /** POSTs to /v1/events with the write key; objects are sent as JSON. */
  send(body: unknown, headers?: Record<string, string>, path?: string): Promise<Response>
}

interface Options {
  settings?: Partial<Config>
  clock?: Clock
  ready?: boolean
  catalogue?: Catalogue
  choices?: ChoiceBook
}

export async function startCollector(options: Options = {}): Promise<RunningCollector> {
  const clock = options.clock ?? systemClock
  const config = { ...readConfig({ HEADCOUNT_COLLECTOR_PORT: '0' }), ...options.settings }
  const log = new MemoryEventLog(clock)
  const metrics = createMetrics(false)
  const lines: string[] = []
  const collector = await createCollector({
    config,
    catalogue: options.catalogue ?? readCatalogue(''),
    sink: new LogSink(log, createUnitHash(writeKey)),
    credentials: { writeKey, adminToken },
    clock,
    logger: createLogger({ logLevel: 'trace' }, { write: (line) => void lines.push(line) }),
    metrics,
    ...(options.choices && { choices: options.choices }),
    readiness: () => ({ ready: options.ready ?? true, checks: { worker: options.ready === false ? 'behind' : 'ok' } }),
  })
  const url = await collector.listen()
  return {
    url,
    collector,
    log,
    metrics,
    lines,
    records: () => log.all().map(({ value }) => readRecord(value)),
    send: (body, headers = {}, path = '/v1/events') =>
      fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${writeKey}`, ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: () => collector.drain(),
  }
}

function readRecord(value: Buffer) {
  const decoded = decodeRecord(value)
  if (!decoded) throw new Error('the collector wrote a record that cannot be read')
  const { receivedAt, route, ip, userAgent, unit } = decoded
  const events: unknown[] = eventsOf(decoded).map(({ id, time, feature, fields }) => [id, time, feature, fields])
  return { receivedAt, route, ip, userAgent, unit, events }
}
