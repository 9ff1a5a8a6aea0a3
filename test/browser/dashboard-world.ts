/** An installation with some days of known use, and what of it is to be seen, counted independently. */
import assert from 'node:assert/strict'
import { WholeInstallation } from '../privacy/whole-installation.ts'

export interface Sent {
  readonly day: string
  readonly feature: string
  readonly version: string
  readonly device: string
}

/** Cells of fewer devices are not shown. */
export const k = 5
const lastDay = '2026-11-20'
const daysSent = 9
const versions = ['2.0.1', '2.1.0', '2.2.0']
const features = ['dashboard', 'services', 'jobs', 'nodes']

export class DashboardWorld {
  readonly whole: WholeInstallation
  readonly sent: readonly Sent[]

  private constructor(whole: WholeInstallation, sent: readonly Sent[]) {
    this.whole = whole
    this.sent = sent
  }

  /** The last day is still open; the first ones are closed. */
  static async start(): Promise<DashboardWorld> {
    const days = Array.from({ length: daysSent }, (_, at) => dayBefore(lastDay, daysSent - 1 - at))
    const whole = await WholeInstallation.start(undefined, { HEADCOUNT_K: String(k) }, `${days[0]}T12:00:30Z`)
    const sent: Sent[] = []
    for (const [at, day] of days.entries()) {
      await whole.passTo(`${day}T12:00:30Z`)
      const ofDay = eventsOf(day, at)
      await send(whole, ofDay)
      sent.push(...ofDay)
    }
    await whole.settle()
    return new DashboardWorld(whole, sent)
  }

  get reportingUrl(): string {
    return this.whole.headcount.reportingUrl
  }

  send(events: readonly Sent[]): Promise<void> {
    return send(this.whole, events)
  }

  remove(): Promise<void> {
    return this.whole.remove()
  }
}

/** Grows by the day; the newest version takes over; `nodes` has too few devices to be shown. */
function eventsOf(day: string, at: number): Sent[] {
  const events: Sent[] = []
  for (let device = 0; device < 20 + at; device++) {
    const version = versions[device % 10 < at ? 2 : device % 2] as string
    for (const [rank, feature] of features.entries()) {
      if (feature === 'nodes' && device >= k - 1) continue
      for (let times = 0; times < 4 - rank; times++) events.push({ day, feature, version, device: `device-${device}` })
    }
  }
  return events
}

function send(whole: WholeInstallation, events: readonly Sent[]): Promise<void> {
  return sendNow(
    whole,
    events.map(({ feature, version, device }) => ({ feature, version, device, source: 'ui' })),
  )
}

/** As of the installation's own clock, in one request; they are counted when it resolves. */
export async function sendNow(whole: WholeInstallation, events: readonly Record<string, unknown>[]): Promise<void> {
  const { collectorUrl, credentials } = whole.headcount
  const time = new Date(whole.clock.now()).toISOString()
  const lines = events.map((event, at) => JSON.stringify({ id: `${time}-${at}`, time, ...event }))
  const response = await fetch(`${collectorUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.writeKey}`, 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  })
  assert.deepEqual(await response.json(), { accepted: events.length, rejected: [] })
  await whole.settle()
}

export function dayBefore(day: string, days: number): string {
  return new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10)
}
