/** Sends generated events hour by hour: of devices, cookies, clusters and of senders without an identifier. */
import assert from 'node:assert/strict'
import type { WholeInstallation } from '../../privacy/whole-installation.ts'
import { seededBytes } from '../../services/release/seeded-random.ts'

export interface SentEvent {
  readonly id: string
  /** ms since the Unix epoch */
  readonly time: number
  readonly feature: string
  readonly version?: string
  /** Who is to be counted: `device …`, `cookie …`, `cluster …` or `address …`. */
  readonly unit: string
  /** More than a day older than its arrival. */
  readonly isLate: boolean
}

const hourMs = 3_600_000
const slotMs = 300_000
const features = ['dashboard', 'dashboard', 'services', 'jobs', 'not_declared']
const versions = ['2.0', '2.1.0', '2.1.0-beta2', 'latest', undefined]
const addresses = ['198.51.100.7', '198.51.100.8', '2001:db8::9']
const userAgent = 'test/1.0'
/** Requests in an hour, and events in each. */
const [requestsPerHour, eventsPerRequest] = [2, 60]

/** Everything that was sent, retries too, in that order; the clock goes on by `hours`. */
export async function sendHours({ clock, headcount }: WholeInstallation, hours: number): Promise<SentEvent[]> {
  const generator = new Generator(seededBytes('collect-feature'))
  const sent: SentEvent[] = []
  for (let hour = 0; hour < hours; hour++) {
    clock.advance(hourMs)
    for (let request = 0; request < requestsPerHour; request++) {
      const address = generator.pick(addresses)
      const events = Array.from({ length: eventsPerRequest }, () => generator.events(clock.now(), address)).flat()
      // Some are sent again, as after a lost answer.
      events.push(...events.filter(({ unit }) => !unit.startsWith('address') && generator.isOneIn(6)))
      await post(headcount, address, events)
      sent.push(...events)
    }
  }
  return sent
}

class Generator {
  readonly #bytes: (bytes: number) => Uint8Array
  #made = 0

  constructor(bytes: (bytes: number) => Uint8Array) {
    this.#bytes = bytes
  }

  pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]!
  }

  isOneIn(count: number): boolean {
    return this.#below(count) === 0
  }

  /** An event, or what all masters of a cluster report of a slot. @param now ms since the Unix epoch */
  events(now: number, address: string): SentEvent[] {
    const isLate = this.isOneIn(12)
    const hoursAgo = isLate ? 25 + this.#below(4) : this.isOneIn(5) ? this.#below(12) : 0
    const time = now - hoursAgo * hourMs - this.#below(hourMs)
    if (this.isOneIn(5)) return this.#reports(time, isLate)
    const units = [`device d-${this.#below(40)}`, `device d-${this.#below(40)}`, `cookie c-${this.#below(9)}`]
    const unit = this.pick([...units, `address ${address}`])
    const version = this.pick(versions)
    const id = `e-${this.#made++}`
    return [{ id, time, feature: this.pick(features), ...(version !== undefined && { version }), unit, isLate }]
  }

  /** Three masters, each a little later, within the slot. */
  #reports(time: number, isLate: boolean): SentEvent[] {
    const cluster = this.#below(6)
    const slotEnd = (Math.floor(time / slotMs) + 1) * slotMs
    return [0, 20_000, 70_000].map((laterMs) => ({
      id: `e-${this.#made++}`,
      time: Math.min(time + laterMs, slotEnd - 1),
      feature: 'mesos_track',
      version: versions[cluster % 3]!,
      unit: `cluster k-${cluster}`,
      isLate,
    }))
  }

  #below(count: number): number {
    return Buffer.from(this.#bytes(4)).readUInt32BE() % count
  }
}

async function post(
  { collectorUrl, credentials }: WholeInstallation['headcount'],
  address: string,
  sent: readonly SentEvent[],
): Promise<void> {
  const events = sent.map(({ id, time, feature, version, unit }) => {
    const [kind = '', identifier] = unit.split(' ')
    const named = kind === 'address' ? {} : { [kind]: identifier }
    return { id, time: new Date(time).toISOString(), feature, ...(version !== undefined && { version }), ...named }
  })
  const response = await fetch(`${collectorUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.writeKey}`, 'user-agent': userAgent, 'x-forwarded-for': address },
    body: JSON.stringify({ events }),
  })
  assert.deepEqual([response.status, await response.json()], [200, { accepted: events.length, rejected: [] }])
}
