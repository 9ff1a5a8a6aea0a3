import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { describe, it } from 'node:test'
import { type SealTools, sealDay } from '../../../../services/worker/seal/seal-day.ts'
import { parseCatalogue } from '../../../../shared/catalogue-file.ts'
import { ManualClock } from '../../../../shared/clock.ts'
import { encodeRecord, type SentRecord } from '../../../../shared/event.ts'
import { openEmbeddedEventLog } from '../../../../shared/eventlog/embedded.ts'
import { openEmbeddedKeyValue } from '../../../../shared/keyvalue/embedded.ts'
import { MemoryEventLog } from '../../../doubles/memory-event-log.ts'
import { withTemporaryDirectory } from '../../../fixtures/temporary-directory.ts'

const catalogue = parseCatalogue(
  `
version: "1"
features:
  - { id: a, title: A }
  - { id: b, title: B }
  - { id: report, title: Report, unit: cluster, naturalKey: { fields: [cluster], slotMinutes: 5 } }
dimensions:
  - { id: feature, title: Feature, from: feature }
  - { id: version, title: Version, from: event, rule: '\\d+', cap: 1 }
measures:
  - { id: nodes, title: Nodes, unit: nodes, min: 0, max: 100 }
datasets:
  - id: usage
    title: Usage
    dimensions: [feature, version]
    audience: partners
    release:
      - { level: leaf, by: [feature, version], cells: 3, events: 4, share: 4/5 }
      - { level: total, events: 6, share: 1/5 }
  - id: reports
    title: Reports
    dimensions: [feature]
    measures: [nodes]
    when: { feature: [report] }
    audience: partners
    release:
      - { level: leaf, by: [feature], events: 4, measures: { nodes: 150 }, share: 1 }
`,
  'test',
)

const day = '2026-11-23'
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const noon = Date.parse(`${day}T12:00:00Z`)

let ids = 0
function sent(device: string, over: Partial<SentRecord> = {}, times: number[] = [noon], version = '1'): SentRecord {
  return {
    ...{ receivedAt: noon, route: 'node', ip: '192.0.2.1', userAgent: 'agent/1' },
    unit: { kind: 'device', id: device },
    events: times.map((time) => ({ id: `id-${ids++}`, time, feature: 'a', fields: { version } })),
    ...over,
  }
}

async function sealed(
  dir: string,
  log: SealTools['log'],
  sealKey: Uint8Array = randomBytes(32),
  tools: Partial<SealTools> = {},
) {
  const keyValue = await openEmbeddedKeyValue({ dir: path.join(dir, 'key-value'), clock: new ManualClock(noon) })
  try {
    const result = await sealDay(day, sealKey, {
      ...{ log, keyValue, catalogue, locate: () => '', scratchDir: path.join(dir, 'scratch') },
      onProgress: async () => undefined,
      ...tools,
    })
    const levels = (dataset: string) =>
      Object.fromEntries([...result.cellsOf(dataset)].map(([level, cells]) => [level, [...cells]]))
    const found = { usage: levels('usage'), reports: levels('reports'), events: result.events, units: result.units }
    await result.remove()
    return found
  } finally {
    await keyValue.close()
  }
}

const append = (log: Pick<SealTools['log'], 'append'>, records: readonly SentRecord[], partition = 0) =>
  log.append(records.map((record) => ({ partition, value: encodeRecord(record) })))

describe('sealing a day', () => {
  it('counts units and bounded events of every level exactly, without a cap on distinct values', () =>
    withTemporaryDirectory(async (dir) => {
      const log = new MemoryEventLog(new ManualClock(noon), 2)
      for (let device = 0; device < 30; device++)
        await append(log, [sent(`device ${device}`, {}, Array(6).fill(noon), String(device % 3))])
      const { usage } = await sealed(dir, log)
      assert.deepEqual(usage.leaf, [
        { values: ['a', '0'], devices: 10, sums: [40n] },
        { values: ['a', '1'], devices: 10, sums: [40n] },
        { values: ['a', '2'], devices: 10, sums: [40n] },
      ])
      assert.deepEqual(usage.total, [{ values: [], devices: 30, sums: [180n] }])
    }))

  it('counts an event once per unit, whatever partition its repetitions are in, and never across units', () =>
    withTemporaryDirectory(async (dir) => {
      const log = new MemoryEventLog(new ManualClock(noon), 3)
      const record = sent('one', {}, [noon, noon])
      await append(log, [record])
      await append(log, [record], 2)
      await append(log, [{ ...record, unit: { kind: 'device', id: 'two' } }], 1)
      const { usage } = await sealed(dir, log)
      assert.deepEqual(usage.total, [{ values: [], devices: 2, sums: [4n] }])
    }))

  it('counts a cluster once for each slot that its masters report, and sums measures within their bound', () =>
    withTemporaryDirectory(async (dir) => {
      const log = new MemoryEventLog(new ManualClock(noon), 1)
      const unit = { kind: 'cluster', id: 'cluster 1' } as const
      for (const slot of [0, 1])
        for (const master of [1, 2, 3])
          await append(log, [
            {
              ...sent('', { unit }),
              events: [
                { id: `${slot} ${master}`, time: noon + slot * 300_000, feature: 'report', fields: { nodes: 90 } },
              ],
            },
          ])
      const { reports } = await sealed(dir, log)
      assert.deepEqual(reports.leaf, [{ values: ['report'], devices: 1, sums: [2n, 150n] }])
    }))

  it('leaves out other days, late events, bots and the start-up probe, and takes imported lines of any age', () =>
    withTemporaryDirectory(async (dir) => {
      const clock = new ManualClock(noon)
      const log = new MemoryEventLog(clock, 1)
      await append(log, [sent('that day'), sent('day before', {}, [noon - 86_400_000 + 1])])
      await append(log, [sent('ahead', {}, [noon + 3 * 86_400_000])], 0)
      clock.set(noon + 25 * 3_600_000)
      await append(log, [sent('late', {}, [noon])])
      await append(log, [sent('late but in time', {}, [noon + 2 * 3_600_000])])
      clock.set(noon + 40 * 86_400_000)
      const agent = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
      await append(log, [
        sent('imported', { route: 'import', userAgent: firefox }),
        sent('bot', { route: 'import', userAgent: agent }),
        sent('bot kept', { route: 'import-all', userAgent: agent }),
        {
          ...sent('probe', { route: 'import', userAgent: firefox }),
          events: [{ id: 'p', time: noon, feature: '_probe', fields: {} }],
        },
      ])
      const { usage } = await sealed(dir, log)
      // that day, ahead (its clock was wrong: the append counts), late but in time, imported, bot kept
      assert.deepEqual(usage.total, [{ values: [], devices: 5, sums: [5n] }])
    }))

  it('gives the same cells when it is begun again after a crash, though more has come meanwhile', () =>
    withTemporaryDirectory(async (dir) => {
      const log = new MemoryEventLog(new ManualClock(noon), 2)
      for (let device = 0; device < 50; device++)
        for (let version = 0; version < 8; version++)
          await append(log, [sent(`device ${device}`, {}, Array(6).fill(noon), String(version))], device % 2)
      const key = randomBytes(32)
      const crash = async () => {
        throw new Error('crash')
      }
      await assert.rejects(sealed(dir, log, key, { onProgress: crash }), /crash/)
      await append(log, [sent('too late for the plan')])
      const first = await sealed(dir, log, key)
      assert.equal(first.units, 50)
      assert.deepEqual(await sealed(dir, log, key), first)
      const leaf = first.usage.leaf ?? []
      assert.equal(
        leaf.reduce((sum, { devices }) => sum + devices, 0),
        150,
        'each device is in three of its eight cells',
      )
      assert.notDeepEqual((await sealed(dir, log)).usage.leaf, leaf, 'under another key other cells are kept')
    }))

  it('reads the embedded log beside its consumer', () =>
    withTemporaryDirectory(async (dir) => {
      const clock = new ManualClock(noon)
      const log = await openEmbeddedEventLog({
        ...{ dir: path.join(dir, 'log'), partitions: 2, clock, fsync: false, pendingBytesMax: 1e8 },
      })
      for (let device = 0; device < 20; device++) await append(log, [sent(`device ${device}`)], device % 2)
      clock.advance(3_600_000)
      for (let device = 10; device < 30; device++) await append(log, [sent(`device ${device}`)], device % 2)
      assert.deepEqual((await sealed(dir, log)).usage.total, [{ values: [], devices: 30, sums: [40n] }])
      await log.close()
    }))
})
