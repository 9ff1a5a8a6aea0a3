/** Everything that a round has left: raw records, choices, cells, the release, and the ledger's entries of deletions. */
import { ReleaseReader } from '../../../services/release/release-store.ts'
import { decodeRecord } from '../../../shared/event.ts'
import type { LogRecord } from '../../../shared/eventlog/port.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
import { day, devices, readLog, type World } from './deletion-world.ts'
import { deviceOf, nameOf } from './devices.ts'
import type { Final, FinalRecord } from './told.ts'

export async function finalLook(world: World, ledger: Ledger): Promise<Final> {
  const { choices, warehouse } = world
  const deviceOf = new Map(
    Array.from({ length: devices }, (_, device) => [choices.subjectOf('device', nameOf(device)), device] as const),
  )
  const cells = await warehouse.select<{ number: string; grain: string; events: string; devices: string }>(
    `SELECT d_number AS number, grain, toString(sum(events)) AS events, toString(max(devices)) AS devices FROM cells
     WHERE dataset = 'each' AND grain IN ('hour', 'day') AND stage = 'final' AND by = 'number' GROUP BY number, grain`,
  )
  const entered: string[] = []
  for await (const { event } of ledger.entries()) if (event.kind === 'subject.deleted') entered.push(event.deletion)
  return {
    records: (await readLog(world.log)).map(({ partition, record }) => recordOf(record, partition)),
    choices: [...choices.log.choices.all()].map(({ id, subject, act, at }) => ({
      ...{ id, device: deviceOf.get(subject) as number, act, at },
    })),
    cells: cells.map(({ number, grain, ...counts }) => ({
      ...{ device: Number(number), grain, events: Number(counts.events), devices: Number(counts.devices) },
    })),
    released: await releasedIn(world, ledger),
    entered,
  }
}

function recordOf({ value, position, appendedAt }: LogRecord, partition: number): FinalRecord {
  const record = decodeRecord(value)
  if (!record) throw new Error('a record that cannot be read')
  const device = deviceOf(record.unit.id)
  return { device, partition, position, receivedAt: record.receivedAt, appendedAt, ids: record.ids as string[] }
}

async function releasedIn({ warehouse }: World, ledger: Ledger): Promise<Final['released']> {
  const release = (await ledger.state()).release(day, 'groups')
  if (release?.sha256 === undefined) return []
  const reader = new ReleaseReader(warehouse)
  const manifest = JSON.parse((await reader.manifest('groups', day, release.sha256))?.toString() ?? '{}')
  const { sha256 } = manifest.files.find(({ format }: { format: string }) => format === 'ndjson')
  const bytes = await reader.file('groups', day, release.sha256, 'ndjson', sha256)
  const lines = (bytes?.toString() ?? '').split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const { group, devices: units, events } = JSON.parse(line)
    return { group, devices: Number(units), events: events === null ? undefined : Number(events) }
  })
}
