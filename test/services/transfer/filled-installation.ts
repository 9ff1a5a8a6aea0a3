/**
 * An installation with counts of every grain, two releases, a partner and something that is still open; and installations
 * over any engines that are asked the same questions. The clock is moved by hand.
 */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Headcount, startHeadcount } from '../../../services/headcount.ts'
import { sha256Hex } from '../../../services/release/sha256.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { type Config, readConfig } from '../../../shared/config.ts'
import { encodeRecord } from '../../../shared/event.ts'
import { createLogger } from '../../../shared/logger.ts'
import { hourMs } from '../../../shared/window.ts'
import { until } from '../../fixtures/until.ts'

/** The days with events; the month, and so everything of them, has closed when the source is stopped. */
export const days = ['2026-11-28', '2026-11-29'] as const
export const stoppedAt = '2026-12-02T08:00:00Z'

const catalogueText = `
version: "transfer-1"
title: transfer
k: 1
releases: { rho: 1/2, k: 5, publishAfterHours: 30 }
features: [{ id: a, title: A }, { id: b, title: "B" }]
dimensions:
  - { id: feature, title: Feature, from: feature }
  - { id: version, title: Version, from: event, rule: '[\\w ."\\\\]+', cap: 50 }
measures:
  - { id: nodes, title: Nodes, unit: nodes, min: 0, max: 1000 }
datasets:
  - id: usage
    title: Usage
    dimensions: [feature, version]
    measures: [nodes]
    audience: partners
    release: [{ level: leaf, by: [feature], cells: 2, events: 8, share: 1 }]
  - { id: versions, title: Versions, dimensions: [version] }
`

/** @param dir gets `catalogue.yaml` and the data folder `name` */
export async function configIn(dir: string, name: string, settings: Record<string, string> = {}): Promise<Config> {
  const catalogue = path.join(dir, 'catalogue.yaml')
  await mkdir(dir, { recursive: true })
  await writeFile(catalogue, catalogueText)
  return readConfig({
    HEADCOUNT_CATALOGUE: catalogue,
    HEADCOUNT_DATA_DIR: path.join(dir, name),
    HEADCOUNT_COLLECTOR_PORT: '0',
    HEADCOUNT_REPORTING_PORT: '0',
    HEADCOUNT_LINGER_MS: '0',
    HEADCOUNT_PARTITIONS: '2',
    HEADCOUNT_K: '1',
    ...settings,
  })
}

export interface Running {
  readonly headcount: Headcount
  readonly clock: ManualClock
  /** Appends events of `devices` devices and waits until they are counted. */
  send(devices: number): Promise<void>
  /** Goes to that moment, and lets the worker look until `isThere`. */
  passTo(moment: string, isThere?: () => Promise<boolean>): Promise<void>
}

/** Runs the whole installation in this process. */
export async function withRunning<T>(config: Config, start: string, use: (running: Running) => Promise<T>): Promise<T> {
  const clock = new ManualClock(start)
  const fatal: unknown[] = []
  const headcount = await startHeadcount({
    ...{ config, clock, logger: createLogger({ logLevel: 'silent' }) },
    onFatal: (error) => void fatal.push(error),
  })
  headcount.markReady()
  const { worker, engines } = headcount
  const settle = async () => {
    clock.advance(1000)
    await until(() => {
      assert.deepEqual(fatal, [])
      const told = worker.progress()
      return told.length === 2 && told.every(({ lag, freshTo }) => lag === 0 && freshTo >= clock.now())
    }, 60_000)
  }
  try {
    return await use({
      ...{ headcount, clock },
      async send(devices) {
        await engines.log.append(recordsOf(devices, clock.now()).map((value, at) => ({ partition: at % 2, value })))
        await settle()
      },
      async passTo(moment, isThere = async () => true) {
        clock.set(moment)
        await settle()
        await until(async () => {
          await worker.maintain()
          return await isThere()
        }, 60_000)
      },
    })
  } finally {
    await headcount.close()
  }
}

/** Long enough not to be met by chance. */
const deviceId = (device: number) => `device-${device}-5a0c77e1`

function recordsOf(devices: number, time: number): Buffer[] {
  return Array.from({ length: devices }, (_, device) =>
    encodeRecord({
      ...{ receivedAt: time, route: 'node', ip: '192.0.2.1', userAgent: 'agent/1' },
      unit: { kind: 'device', id: deviceId(device) },
      events: ['a', 'b'].map((feature) => ({
        ...{ id: `${feature}-${device}-${time}`, time, feature },
        // Quotes and backslashes: text that files, tables and JSON each write in their own way.
        fields: { version: ['1.0', '2 "beta"', 'c\\d'][device % 3]!, nodes: device },
      })),
    }),
  )
}

const wish = { name: 'ACME', datasets: ['usage'], purpose: 'study', until: '2027-06-01' }

/** @returns the key of a partner who may read the releases */
export async function fillSource(config: Config): Promise<string> {
  return await withRunning(config, `${days[0]}T12:00:30Z`, async ({ headcount, send, passTo }) => {
    await send(120)
    await passTo(`${days[1]}T09:00:00Z`)
    await send(80)
    const { key } = await headcount.desk.addPartner(wish)
    await passTo('2026-12-01T06:00:00Z', async () => {
      const released = (await headcount.ledger.state()).releases()
      return released.filter(({ state }) => state === 'PUBLISHED').length === days.length
    })
    await passTo(stoppedAt, () => headcount.worker.epochKeys.isClosed('month:2026-11-01'))
    // Today stays open.
    await send(7)
    return key
  })
}

/**
 * The same in less time, closed by an operator: nothing is open, and its answers.
 * @returns `secrets`: what is about senders or opens something
 */
export async function fillAtOnce(config: Config) {
  return await withRunning(config, `${days[0]}T12:00:30Z`, async (running) => {
    const { headcount, clock, send, passTo } = running
    const { desk, engines, credentials } = headcount
    await send(90)
    const read = async (name: string) => (await engines.keyValue.secrets.read(name)) ?? Buffer.alloc(0)
    const keys = await Promise.all([`epoch/day:${days[0]}`, 'epoch/month:2026-11-01'].map(read))
    clock.set(`${days[1]}T09:00:00Z`)
    await send(70)
    const { key: partnerKey } = await desk.addPartner({ ...wish })
    await passTo('2026-11-30T00:10:00Z')
    for (const day of days)
      await until(async () => {
        const answer = await desk.release(day, false)
        assert.notEqual(answer.state, 'refused', JSON.stringify(answer))
        return answer.state === 'published'
      }, 60_000)
    for (const epoch of ['week:2026-11-23', 'month:2026-11-01'] as const) await desk.close(epoch)
    const texts = [deviceId(3), deviceId(77), credentials.writeKey, credentials.adminToken, partnerKey]
    const living = await Promise.all((await engines.keyValue.secrets.list()).map(({ name }) => read(name)))
    const secrets = [...keys, ...living, ...texts.map((text) => Buffer.from(text))]
    return {
      partnerKey,
      said: await answersOf(running, partnerKey),
      secrets: secrets.map((bytes, at) => ({ what: `secret ${at}`, bytes })),
    }
  })
}

/** What analysts and a partner are answered about the days that have closed, by question. */
export async function answersOf({ headcount }: Running, partnerKey: string): Promise<Record<string, string>> {
  const { reportingUrl, credentials, catalogue } = headcount
  const answers: Record<string, string> = {}
  const ask = async (path: string, token: string) => {
    const answer = await fetch(reportingUrl + path, { headers: { authorization: `Bearer ${token}` } })
    const bytes = Buffer.from(await answer.arrayBuffer())
    // How far everything is counted is about now.
    const text = bytes.toString('latin1').replace(/"fresh_to":(?:null|"[^"]*")/, '')
    answers[path] = `${answer.status} ${path.startsWith('/api') ? text : sha256Hex(bytes)}`
  }
  const ranges = { hour: days[0], day: days[0], week: '2026-11-23', month: '2026-11-01' }
  for (const { id, bySets, measures } of catalogue.datasets)
    for (const [grain, from] of Object.entries(ranges))
      for (const by of bySets)
        await ask(
          `/api/v1/usage?dataset=${id}&metrics=${['events', 'devices', ...measures].join()}&by=${by.join()}&grain=${grain}&from=${from}&to=${grain === 'week' ? '2026-11-30' : '2026-12-01'}`,
          credentials.analystToken,
        )
  for (const day of days)
    for (const format of ['', '?format=csv', '?format=ndjson', '?format=parquet', '?format=arrow'])
      await ask(`/partner/v1/datasets/usage/releases/${day}${format}`, partnerKey)
  return answers
}

/** A moment of the last day of the source, for those that take over. */
export const tookOverAt = Date.parse(stoppedAt) + hourMs
