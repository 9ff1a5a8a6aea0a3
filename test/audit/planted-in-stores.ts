/** Breaches in the stores, each planted as a mistake or an insider would: through the store's own write path, or its files. */
import { randomBytes } from 'node:crypto'
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Engines } from '../../services/headcount.ts'
import { manifestOf } from '../../services/release/manifest.ts'
import { releaseFiles } from '../../services/release/release-files.ts'
import { ReleaseStore } from '../../services/release/release-store.ts'
import { specificationsOf } from '../../services/release/specification.ts'
import type { Catalogue } from '../../shared/catalogue.ts'
import { ManualClock } from '../../shared/clock.ts'
import { decodeRecord, encodeRecord } from '../../shared/event.ts'
import { openEmbeddedEventLog } from '../../shared/eventlog/embedded.ts'
import type { EventLog } from '../../shared/eventlog/port.ts'
import { formatFraction } from '../../shared/fraction.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'

/** Days ago, `YYYY-MM-DD`. */
export function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)
}

/** A release of a day with one row, frozen and in the ledger, as sealing makes it. */
export async function plantRelease(
  { warehouse, ledger, catalogue }: { warehouse: Warehouse; ledger: Ledger; catalogue: Catalogue },
  day: string,
): Promise<void> {
  const [specification] = specificationsOf(catalogue)
  if (!specification) throw new Error('the catalogue has no released dataset')
  const { dataset, hash, rho, delta } = specification
  const rows = [{ level: 'leaf', values: ['dashboard', '2.0'], devices: 1204n, sums: [5310n], flags: [] }]
  const files = await releaseFiles(warehouse, specification, rows)
  const publishAt = `${day}T23:00:00.000Z`
  const manifest = Buffer.from(JSON.stringify(manifestOf(catalogue, specification, { day, publishAt, rows: 1, files })))
  const sha256 = await new ReleaseStore(warehouse).save({ day, dataset, manifest, files })
  const names = { day, dataset }
  const spent = { rho: formatFraction(rho), delta: formatFraction(delta) }
  await ledger.append(() => ({
    events: [
      { kind: 'budget.reserved', ...names, specification: hash, ...spent },
      { kind: 'release.sealed', ...names, sha256, rows: 1, publishAt },
      { kind: 'release.published', ...names, sha256 },
    ],
    result: undefined,
  }))
}

/** The key of a day that ended long ago, as a file of the secret store. */
export async function plantOldKey(dataDir: string, day: string): Promise<void> {
  const head = Buffer.alloc(8)
  head.writeDoubleLE(Date.parse(`${day}T12:00:00Z`))
  const file = path.join(dataDir, 'key-value', 'secrets', `epoch%2fday%3a${day}.secret`)
  await writeFile(file, Buffer.concat([head, randomBytes(32)]), { mode: 0o600 })
}

/** A process that has forgotten the keys of that day: it destroys what it knows of. */
export function forgettingKeys(engines: Engines, day: string): Engines {
  const { keyValue } = engines
  const { secrets } = keyValue
  const list = async () => (await secrets.list()).filter(({ name }) => name !== `epoch/day:${day}`)
  const hiding = new Proxy(secrets, {
    get: (target, name) => (name === 'list' ? list : bound(target, name)),
  })
  const forgetful = new Proxy(keyValue, {
    get: (target, name) => (name === 'secrets' ? hiding : bound(target, name)),
  })
  return { ...engines, keyValue: forgetful }
}

/** A segment of the event log with a record that was received long ago. */
export async function plantOldRecord(dataDir: string, at: string): Promise<{ remove(): Promise<void> }> {
  const clock = new ManualClock(at)
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-old-log-'))
  const log = await openEmbeddedEventLog({ dir, partitions: 1, clock, pendingBytesMax: 1e6 })
  const unit = { kind: 'device', id: 'device-1' } as const
  const sender = { receivedAt: clock.now(), route: 'node', ip: '192.0.2.1', userAgent: 'agent/1', unit } as const
  const event = { id: 'old-1', time: clock.now(), feature: 'jobs', fields: {} }
  await log.append([{ partition: 0, value: encodeRecord({ ...sender, events: [event] }) }])
  await log.close()
  const segments = (await readdir(path.join(dir, '0'))).filter((name) => name.endsWith('.segment'))
  const places = segments.map((name) => path.join(dataDir, 'event-log', '0', name))
  for (const [at, name] of segments.entries()) await copyFile(path.join(dir, '0', name), places[at] ?? '')
  await rm(dir, { recursive: true, force: true })
  return { remove: async () => void (await Promise.all(places.map((file) => rm(file)))) }
}

/** A collector that also tells every record that it appends to somebody else. */
export function tellingRecords(log: EventLog, tell: (identifier: string, record: Buffer) => Promise<void>): EventLog {
  const append: EventLog['append'] = async (records) => {
    for (const { value } of records) await tell(decodeRecord(value)?.unit.id ?? '', value)
    return log.append(records)
  }
  return new Proxy(log, { get: (target, name) => (name === 'append' ? append : bound(target, name)) })
}

/** Methods of the engines use private members, so they must be called on the object itself. */
function bound<Target extends object>(target: Target, name: string | symbol): unknown {
  const value = Reflect.get(target, name, target) as unknown
  return typeof value === 'function' ? value.bind(target) : value
}
