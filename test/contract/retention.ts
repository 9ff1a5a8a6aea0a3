/**
 * The laws of retention, for every set of engines: of each kind of data with a time, what is past it goes, and what is
 * within it stays. A worker counts day by day, as in production; what is then left of each day is looked for in the stores.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Engines } from '../../services/headcount.ts'
import type { Worker } from '../../services/worker/worker.ts'
import type { Clock } from '../../shared/clock.ts'
import { probeFeature } from '../../shared/event.ts'
import { probeDataset } from '../../shared/warehouse/schema.ts'
import { dayMs, hourMs, utcDay } from '../../shared/window.ts'
import { openInstallation, recordOf, type TestInstallation } from '../fixtures/installation.ts'

/** A Monday in the middle of a month. */
const start = '2026-11-09T12:00:00Z'
const day = (number: number) => utcDay(Date.parse(start) + number * dayMs)
const days = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => day(from + index))

/** Calls `use` with what opens the engines that are not the embedded ones. */
export type AroundEngines = (use: (open: (clock: Clock) => Promise<Partial<Engines>>) => Promise<void>) => Promise<void>

export function retentionContract(title: string, around: AroundEngines): void {
  const law = (text: string, shows: (world: TestInstallation) => Promise<void>) =>
    it(`${title}: ${text}`, () =>
      around(async (engines) => {
        const world = await openInstallation({ start, engines })
        try {
          await shows(world)
        } finally {
          await world.close()
        }
      }))

  law('eight days of events leave of each kind what is within its time, and nothing else', async (world) => {
    const worker = await world.startWorker()
    for (let number = 0; number <= 7; number++) await liveADay(world, worker, number)
    const atNoon = {
      // A file has an hour and goes whole: that of Thursday's noon in an hour.
      rawRecords: days(4, 7),
      eventIds: days(4, 7),
      eventIdKeys: days(3, 7),
      epochKeys: ['day:2026-11-15', 'day:2026-11-16', 'month:2026-11-01', 'week:2026-11-09', 'week:2026-11-16'],
      openStates: ['day 2026-11-15', 'day 2026-11-16', 'month 2026-11-01', 'week 2026-11-09', 'week 2026-11-16'],
      knownValues: days(3, 7),
      quarantine: days(0, 7),
      minuteCells: [day(5)],
      hourCells: days(0, 5),
      dayCells: days(0, 5),
      probeCells: [day(7)],
    }
    assert.deepEqual(await left(world), atNoon)
    await passTo(world, worker, world.clock.now() + 2 * hourMs)
    assert.deepEqual(await left(world), { ...atNoon, rawRecords: days(5, 7), minuteCells: [], probeCells: [] })
  })

  law('three months later counts by hour go in their turn, counts by day, week and month stay', async (world) => {
    const worker = await world.startWorker()
    for (const number of [0, 1]) await liveADay(world, worker, number)
    // Of the first day all hours are past their time, of the second there is one that is not.
    await passTo(world, worker, Date.parse(start) + 91 * dayMs - hourMs)
    const later = await left(world)
    assert.deepEqual(
      Object.entries(later).filter(([, found]) => found.length > 0),
      [
        ['hourCells', [day(1)]],
        ['dayCells', days(0, 1)],
      ],
    )
    assert.equal((await world.rows("SELECT 1 FROM cells WHERE stage = 'final' AND grain = 'month'")).length > 0, true)
    await passTo(world, worker, Date.parse(start) + 91 * dayMs + hourMs)
    assert.deepEqual((await left(world)).hourCells, [])
  })

  law(
    'the control: while nothing removes anything, what is past its time is found where it is looked for',
    async (world) => {
      const worker = await world.startWorker()
      await liveADay(world, worker, 0)
      // Its own upkeep would remove something as soon as the clock has passed.
      await worker.drain()
      const before = await left(world)
      world.clock.advance(8 * dayMs)
      const past = await left(world)
      for (const kind of ['rawRecords', 'epochKeys', 'openStates', 'eventIdKeys', 'probeCells'] as const) {
        assert.ok(before[kind].length > 0, kind)
        assert.deepEqual(past[kind], before[kind], kind)
      }
    },
  )
}

/** Noon of a day: events that are counted, one that cannot be, the probe’s; then the upkeep of that evening. */
async function liveADay(world: TestInstallation, worker: Worker, number: number): Promise<void> {
  const at = world.clock
  await passTo(world, worker, Date.parse(start) + number * dayMs)
  await world.append([
    recordOf({ at, device: 'device-1', fields: { version: `1.${number}` } }),
    recordOf({ at, device: 'probe', feature: probeFeature }),
  ])
  await world.append([Buffer.from('not a record')], 1)
  await world.settle(worker)
}

async function passTo(world: TestInstallation, worker: Worker, time: number): Promise<void> {
  if (time <= world.clock.now()) return
  world.clock.set(time)
  await world.settle(worker)
  await worker.maintain()
}

/** Of each kind the days, sorted, of which something is there. */
async function left({ engines, rows }: TestInstallation) {
  const { keyValue, log } = engines
  const entries = async (prefix: string, dayOf: (key: string, value: Buffer) => string) => {
    const found: string[] = []
    for await (const [key, value] of keyValue.scan(prefix)) found.push(dayOf(key, value))
    return sorted(found)
  }
  const secrets = (await keyValue.secrets.list()).map(({ name }) => name)
  const named = (prefix: string) =>
    sorted(secrets.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)))
  const windows = async (where: string) =>
    sorted(
      (await rows<{ day: string }>(`SELECT DISTINCT toString(toDate(window)) AS day FROM cells WHERE ${where}`)).map(
        (row) => row.day,
      ),
    )
  return {
    rawRecords: await rawDays(log),
    eventIds: await entries('ids/', (_key, blob) => utcDay(blob.readDoubleLE(blob.length - 8))),
    eventIdKeys: named('ids/'),
    epochKeys: named('epoch/'),
    openStates: sorted(
      (
        await rows<{ name: string }>(
          "SELECT DISTINCT concat(grain, ' ', toString(toDate(window))) AS name FROM cells WHERE stage = 'open' AND grain IN ('day', 'week', 'month') AND dataset = 'usage'",
        )
      ).map(({ name }) => name),
    ),
    knownValues: await entries('known-values/', (key) => /\d{4}-\d\d-\d\d/.exec(key)?.[0] ?? key),
    quarantine: await entries('quarantine/', (_key, value) => JSON.parse(value.toString()).appendedAt.slice(0, 10)),
    minuteCells: await windows("stage = 'final' AND grain = 'minute'"),
    hourCells: await windows("stage = 'final' AND grain = 'hour'"),
    dayCells: await windows("stage = 'final' AND grain = 'day'"),
    probeCells: await windows(`dataset = '${probeDataset}'`),
  }
}

async function rawDays(log: Engines['log']): Promise<string[]> {
  const found: string[] = []
  for (const history of await log.history()) {
    const { start, end } = await history.bounds()
    for (let position = start; position < end; ) {
      const { records, end: next } = await history.read(position, { records: 100, bytes: 1e6, waitMs: 0 })
      found.push(...records.map(({ appendedAt }) => utcDay(appendedAt)))
      position = next
    }
    await history.close()
  }
  return sorted(found)
}

function sorted(found: readonly string[]): string[] {
  return [...new Set(found)].sort()
}
