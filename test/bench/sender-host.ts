/**
 * A host that tracks events at a steady rate with one sender or another, or with none; built and started by
 * `bench-sender.ts`. Says at its end what it took, as JSON: processor seconds and the peak of its resident memory.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    sender: { type: 'string', default: 'none' },
    url: { type: 'string', default: '' },
    events: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '20000' },
    /** Events of a batch; without, as the sender has it. */
    batch: { type: 'string' },
    spool: { type: 'string' },
  },
})
const tickMs = 5
const batch = values.batch === undefined ? undefined : Number(values.batch)
/** None may give up events for lack of room. */
const queueMax = 1_000_000

interface Tracking {
  track(feature: string, device: string, version: string, number: number): void
  close(): Promise<unknown>
}

async function ours(): Promise<Tracking> {
  const { createSender } = await import('../../shared/sender/sender.ts')
  const sender = createSender({
    ...{ url: values.url, writeKey: 'a-write-key', environment: {}, spoolDir: values.spool },
    ...(batch !== undefined && { batchEventsMax: batch }),
  })
  return {
    track: (feature, device, version, number) => sender.track({ feature, device, version, number }),
    close: () => sender.close(60_000),
  }
}

async function segment(): Promise<Tracking> {
  const { Analytics } = await import('@segment/analytics-node')
  const analytics = new Analytics({
    ...{ writeKey: 'a-write-key', host: values.url },
    ...(batch !== undefined && { flushAt: batch }),
  })
  return {
    track: (event, anonymousId, version, number) =>
      analytics.track({ event, anonymousId, properties: { version, number } }),
    close: () => analytics.closeAndFlush(),
  }
}

async function posthog(): Promise<Tracking> {
  const { PostHog } = await import('posthog-node')
  const client = new PostHog('a-write-key', {
    ...{ host: values.url, maxQueueSize: queueMax },
    ...(batch !== undefined && { flushAt: batch, maxBatchSize: batch }),
  })
  return {
    track: (event, distinctId, version, number) =>
      client.capture({ event, distinctId, properties: { version, number } }),
    close: () => client.shutdown(60_000),
  }
}

const none = async (): Promise<Tracking> => ({ track: () => undefined, close: async () => undefined })

const senders: Record<string, () => Promise<Tracking>> = { none, ours, segment, posthog }
const tracking = await senders[values.sender]!()
const total = Number(values.events)
const perTick = (Number(values.rate) * tickMs) / 1000
for (let number = 0; number < total; ) {
  for (let more = 0; more < perTick && number < total; more++, number++)
    tracking.track('services', `device-${number % 1_000}`, '2.1', number)
  await sleep(tickMs)
}
await tracking.close()
const { user, system } = process.cpuUsage()
const peakMiB = process.resourceUsage().maxRSS / 1024
process.stdout.write(`${JSON.stringify({ cpuSeconds: (user + system) / 1e6, peakMiB })}\n`)
