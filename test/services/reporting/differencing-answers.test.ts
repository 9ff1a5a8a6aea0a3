import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Grain, hourMs, minuteMs, windowEnd, windowStart } from '../../../shared/window.ts'
import { type Place, type TimedReport, type Told, type World, workedOutOverTime } from './differencing-over-time.ts'
import { ReportingFixture, type Seen } from './reporting-fixture.ts'
import { SettledWorld } from './settled-world.ts'

/** Of the fixture's catalogue. */
const k = 5

interface Asked {
  world: World
  reports: TimedReport[]
}

const names = ['feature', 'version']
const values = [
  ['dashboard', 'jobs'],
  ['2.0', '2.1'],
]

/** In different months. The clock of the fixture is at 2026-11-23T10:15:00Z. */
const worlds: Record<string, Asked> = {
  'by minute, hour and day': {
    world: {
      dimensions: 2,
      grains: ['minute', 'hour', 'day'],
      values,
      from: Date.parse('2026-10-07T00:00:00Z'),
      to: Date.parse('2026-10-07T04:00:00Z'),
    },
    reports: made(
      3,
      '2026-10-07T00:00:00Z',
      [0, 1, 2, 7, 60, 61, 62, 63, 125, 130, 180].map((minute) => minute * minuteMs),
    ),
  },
  'by hour, day, week and month': {
    world: {
      dimensions: 2,
      grains: ['hour', 'day', 'week', 'month'],
      values,
      from: Date.parse('2026-11-16T00:00:00Z'),
      to: Date.parse('2026-11-23T11:00:00Z'),
    },
    reports: made(
      5,
      '2026-11-16T00:00:00Z',
      [5, 6, 30, 34, 54, 55, 56, 57, 100, 101, 128, 146, 170, 171].map((hours) => hours * hourMs),
    ),
  },
}

/** 280 reports of 14 senders, most of the first cell; the same for the same seed. */
function made(seed: number, from: string, times: number[]): TimedReport[] {
  let state = seed
  const below = (count: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * count)
  }
  const cells = [...Array<number[]>(4).fill([0, 0]), [0, 1], [0, 1], [1, 0], [1, 1]]
  return Array.from({ length: 280 }, () => ({
    sender: below(14),
    time: Date.parse(from) + times[Math.min(below(times.length), below(times.length + 4))]!,
    values: cells[below(cells.length)]!.map((value, dimension) => values[dimension]![value]!),
    events: 1 + below(4),
  }))
}

/** Windows and events of each pair of values, of rows by window. */
function addedUp(rows: readonly (string | number)[][]): Map<string, [number, number]> {
  const sums = new Map<string, [number, number]>()
  for (const [, feature, version, events] of rows) {
    const [windows, all] = sums.get(`${feature},${version}`) ?? [0, 0]
    sums.set(`${feature},${version}`, [windows + 1, all + (events as number)])
  }
  return sums
}

describe('what the answers of the API add up to', () => {
  const fixture = new ReportingFixture()
  before(async () => {
    await fixture.open()
    for (const asked of Object.values(worlds)) await insert(fixture, asked)
  })
  after(() => fixture.close())

  const ask = async ({ world }: Asked, grain: Grain, more: Record<string, string> = {}, where: string[] = []) => {
    const from = iso(windowStart(grain, world.from))
    const query = new URLSearchParams({ dataset: 'usage', metrics: 'events', grain, from, to: iso(world.to), ...more })
    for (const one of where) query.append('where', one)
    const answer = await fixture.get(`/api/v1/usage?${query}`)
    assert.equal(answer.statusCode, 200, answer.body)
    return answer
  }
  const json = async (...question: Parameters<typeof ask>) =>
    (await ask(...question)).json() as { rows: (string | number)[][]; suppressed_in: [string, number][] }

  /** By list, and where that leaves open which cells are left out and which do not occur, by filter. */
  const askEverything = async (asked: Asked): Promise<Map<string, Told>> => {
    const told = new Map<string, Told>()
    for (const grain of asked.world.grains)
      for (let mask = 0; mask < 4; mask++) {
        const by = names.filter((_, index) => mask & (1 << index))
        const cells = by.reduce<string[][]>(
          (all, id) => all.flatMap((some) => values[names.indexOf(id)]!.map((value) => [...some, value])),
          [[]],
        )
        const key = (window: unknown, own: string[]) =>
          keyOf({ grain, window: Date.parse(window as string), mask, values: own })
        const { rows, suppressed_in } = await json(asked, grain, { by: by.join() })
        for (const row of rows)
          told.set(key(row[0], row.slice(1, -1) as string[]), { isTold: true, events: row.at(-1) as number })
        const open = new Set<string>()
        for (const [window, count] of suppressed_in) {
          const left = cells.map((own) => key(window, own)).filter((one) => !told.has(one))
          for (const one of left) if (left.length === count) told.set(one, { isTold: false })
          if (left.length !== count) for (const one of left) open.add(one)
        }
        for (const own of cells) {
          if (![...open].some((one) => one.endsWith(`/${own.join('|')}`))) continue
          const where = by.map((id, at) => `${id}:${own[at]}`)
          for (const [window] of (await json(asked, grain, {}, where)).suppressed_in)
            told.set(key(window, own), { isTold: false })
        }
      }
    return told
  }

  for (const [name, asked] of Object.entries(worlds)) {
    const { world, reports } = asked
    const isOver = ({ grain, window }: Place) => grain === 'month' || windowEnd(grain, window) <= fixture.clock.now()

    it(`${name}: an analyst who has asked for every cell solves for none under k`, async () => {
      const told = await askEverything(asked)
      const tell = (place: Place): Told => told.get(keyOf(place)) ?? { isTold: true, events: 0 }
      assert.deepEqual(workedOutOverTime(reports, world, k, tell, isOver), [])
      const shown = [...told.values()].filter(({ isTold }) => isTold).length
      assert.ok(shown > 20 && told.size - shown > 20, `${shown} shown of ${told.size}`)
    })

    it(`${name}: the control: where each window hides for itself only, there are some to be solved for`, () => {
      const alone = new SettledWorld(reports, { ...world, k })
      assert.ok(workedOutOverTime(reports, world, k, (place) => alone.tell(place, false), isOver).length > 0)
    })

    it(`${name}: lists, totals, filters, limits, formats and shorter ranges show the same cells, and no others`, async () => {
      for (const grain of world.grains) {
        const by = names.join(',')
        const { rows } = await json(asked, grain, { by })
        const csv = (await ask(asked, grain, { by, format: 'csv' })).body.trimEnd().split('\r\n').slice(1)
        assert.deepEqual(
          csv,
          rows.map((row) => row.join(',')),
        )
        const totals = await json(asked, grain, { by, totals: 'true' })
        assert.deepEqual(new Map(totals.rows.map((row) => [row.slice(0, 2).join(), row.slice(2)])), addedUp(rows))
        const first = await json(asked, grain, { by, limit: '1' })
        assert.ok(first.rows.every((row) => rows.some((other) => other.join() === row.join())))
        for (const window of [...new Set(rows.map(([at]) => at as string))].slice(0, 2)) {
          const to = iso(windowEnd(grain, Date.parse(window)))
          const single = await json(asked, grain, { by, from: window, to })
          assert.deepEqual(
            single.rows,
            rows.filter(([at]) => at === window),
          )
        }
        const [id, value] = [names[0]!, values[0]![0]!]
        const listed = await json(asked, grain, { by: id })
        const rest = await json(asked, grain, {}, [`${id}!:${value}`])
        for (const [window, events] of rest.rows) {
          const others = listed.rows.filter(([at, other]) => at === window && other !== value)
          assert.equal(
            events,
            others.reduce((sum, row) => sum + (row[2] as number), 0),
          )
        }
      }
    })
  }
})

/** As the worker would: closed days as integers, with the hours and minutes in them; the rest open. */
async function insert(fixture: ReportingFixture, { world, reports }: Asked): Promise<void> {
  const open = Date.parse('2026-11-21T00:00:00Z')
  for (const grain of world.grains)
    for (const window of new Set(reports.map(({ time }) => windowStart(grain, time)))) {
      const seen = reports
        .filter(({ time }) => windowStart(grain, time) === window)
        .map(({ sender, values: own, events }): Seen => {
          const cell = Object.fromEntries(names.map((id, at) => [id, own[at]!]))
          return { unit: sender, cell, events }
        })
      const isClosed = windowEnd(grain, window) <= open
      await (isClosed
        ? fixture.insertFinal('usage', grain, iso(window), seen)
        : fixture.insertOpen('usage', grain, iso(window), seen))
    }
}

function keyOf({ grain, window, mask, values }: Place): string {
  return `${grain}/${window}/${mask}/${values.join('|')}`
}

function iso(time: number): string {
  return new Date(time).toISOString().replace('.000', '')
}
