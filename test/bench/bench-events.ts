/** The events of the benchmark: what a DC/OS command line or node sends, about 270 bytes each. Seeded. */
import type { SentRecord } from '../../shared/event.ts'

export interface BenchEvent {
  id: string
  time: string
  feature: string
  device: string
  cluster: string
  version: string
  variant: string
  provider: string
  source: string
}

/** A small seeded generator (mulberry32): numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const features = [
  'cli_package_install',
  'cli_marathon_app',
  'cli_job',
  'cli_node',
  'cli_service',
  'services',
  'jobs',
  'nodes',
  'catalog',
  'dashboard',
]
const versions = ['2.1.4', '2.0.6', '1.13.9', '1.12.5']
const variants = ['open', 'enterprise']
const providers = ['aws', 'azure', 'gcp', 'onprem']

/** An endless supply of events of `devices` devices, a batch at a time; every batch is one device's. */
export class BenchEvents {
  readonly #random: () => number
  readonly #devices: string[]
  readonly #spreadMs: number

  /** @param spreadMs how far back from `now` event times reach */
  constructor(seed: number, devices: number, spreadMs = 600_000) {
    this.#random = seeded(seed)
    this.#devices = Array.from({ length: devices }, () => this.#uuid())
    this.#spreadMs = spreadMs
  }

  batch(size: number, now: number): BenchEvent[] {
    const number = Math.floor(this.#random() * this.#devices.length)
    const device = this.#devices[number] ?? ''
    const common = {
      device,
      cluster: this.#devices[number % 50] ?? '',
      version: versions[number % versions.length] ?? '',
      variant: variants[number % 2] ?? '',
      provider: providers[number % 4] ?? '',
      source: 'cli',
    }
    return Array.from({ length: size }, () => ({
      id: this.#uuid(),
      time: new Date(now - Math.floor(this.#random() * this.#spreadMs)).toISOString(),
      feature: features[Math.floor(this.#random() * features.length)] ?? '',
      ...common,
    }))
  }

  /** A batch of which every event is another device's, as somebody who gathers for many would send it. */
  mixedBatch(size: number, now: number): BenchEvent[] {
    return Array.from({ length: size }, () => this.batch(1, now)[0] as BenchEvent)
  }

  #uuid(): string {
    const hex = Array.from({ length: 4 }, () =>
      Math.floor(this.#random() * 4_294_967_296)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}

/** The record that the collector makes of a batch of one device. */
export function recordOfBatch(batch: readonly BenchEvent[], receivedAt: number): SentRecord {
  return {
    receivedAt,
    route: 'node',
    ip: '192.0.2.1',
    userAgent: 'dcos-cli/1.2',
    unit: { kind: 'device', id: batch[0]?.device ?? '' },
    events: batch.map(({ id, time, feature, version, variant, provider, source }) => ({
      id,
      time: Date.parse(time),
      feature,
      fields: { version, variant, provider, source },
    })),
  }
}
