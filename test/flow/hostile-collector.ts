/** The child process of the hostile campaign: a collector over a log in memory that reports on itself when asked. */
import { startCollector, writeKey } from '../services/collector/running-collector.ts'

const running = await startCollector({ settings: { requestTimeoutMs: 1500 } })
process.on('message', () => {
  globalThis.gc?.()
  const events = running.records().flatMap((record) => (record.unit.id === 'good' ? (record.events as [string][]) : []))
  process.send?.({ rssBytes: process.memoryUsage.rss(), good: events.map(([id]) => id) })
})
process.send?.({ url: running.url, writeKey })
