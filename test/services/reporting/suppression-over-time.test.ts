import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type SuppressionOptions, suppress } from '../../../services/reporting/suppression.ts'
import { submasks } from '../../../services/reporting/suppression-lattice.ts'
import {
  hideOverTime,
  isHiddenBy,
  type Level,
  type Pattern,
  type SettledWindow,
} from '../../../services/reporting/suppression-over-time.ts'
import { containerOf, partnerOfLoneDay } from '../../../services/reporting/window-blocks.ts'
import { type Grain, grains, windowEnd, windowStart } from '../../../shared/window.ts'
import { type Place, type TimedReport, type Told, type World, workedOutOverTime } from './differencing-over-time.ts'

const k = 4
const [hour, day] = [3_600_000, 86_400_000]

/** Some senders at some times over two features and two versions; `now` is in the last window. */
interface Case {
  world: World
  reports: TimedReport[]
}

const cases: Record<string, { grains: readonly Grain[]; from: string; times: number[] }> = {
  'minutes, hours and a day': {
    grains: ['minute', 'hour', 'day'],
    from: '2026-11-10T00:00:00Z',
    times: [0, 1, 2, 7, 60, 61, 62, 63, 125, 130, 131, 180, 181].map((minute) => minute * 60_000),
  },
  'hours, days, weeks and months': {
    grains: ['hour', 'day', 'week', 'month'],
    from: '2026-11-09T00:00:00Z',
    times: [0, 1, 2, 3, 9, 30, 31, 54, 78, 103, 170, 171, 200, 240].map((hours) => hours * hour),
  },
  'days, weeks and months, with a Sunday that is the first': {
    grains: ['day', 'week', 'month'],
    from: '2026-10-19T00:00:00Z',
    times: [0, 1, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 20, 21, 27, 28, 33, 34].map((days) => days * day),
  },
}

/** 150 reports of 12 senders; the same for the same seed. */
function makeCase(name: string, seed: number): Case {
  const { grains: declared, from, times } = cases[name]!
  const start = Date.parse(from)
  const random = numbers(seed)
  const below = (count: number) => Math.floor(random() * count)
  // Half of all is of one cell, and times differ in how busy they are: so that some cells are large.
  const cells = [...Array<string[]>(4).fill(['a', 'x']), ['a', 'y'], ['b', 'x'], ['b', 'y']]
  const reports = Array.from({ length: 150 }, () => ({
    sender: below(12),
    time: start + times[Math.min(below(times.length), below(times.length + 4))]!,
    values: cells[below(cells.length)]!,
    events: 1 + below(5),
  }))
  const values = [
    ['a', 'b'],
    ['x', 'y'],
  ]
  const to = windowEnd(declared[0]!, start + times.at(-1)!)
  return { world: { dimensions: 2, grains: declared, values, from: start, to }, reports }
}

/** Numbers in [0, 1) by a linear congruence. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

interface How extends SuppressionOptions {
  /** Off: each window hides for itself only. */
  overTime?: boolean
}

/** What an analyst is told, from the windows' own suppression and what they hide for each other. */
function teller({ world, reports }: Case, { overTime = true, ...within }: How = {}): (place: Place) => Told {
  const { grains: declared, dimensions } = world
  const masks = [...submasks(2 ** dimensions - 1), 2 ** dimensions - 1]
  const settled = new Map(declared.map((grain) => [grain, settleAll(grain, world, reports, within)]))
  const longestFirst = [...declared].reverse()
  const now = world.to - 1
  const lone = new Map<number, Pattern>(
    [...(settled.get('day') ?? [])]
      .filter(([start]) => partnerOfLoneDay(start, declared) !== undefined)
      .map(([start, window]) => [start, window.hidden]),
  )
  const hidden = new Map(
    declared.map((grain) => {
      const levels = longestFirst
        .filter((one) => grains.indexOf(one) >= grains.indexOf(grain))
        .map((one): Level => ({ grain: one, windows: settled.get(one)!, range: wholeRange(one, world) }))
      return [grain, hideOverTime(levels, lone, { grains: declared, now })]
    }),
  )
  return (place) => {
    const { grain, window, mask, values } = place
    const below = masks
      .filter((sub) => (sub & mask) === sub)
      .map((sub) => [sub, JSON.stringify(values.filter((_, index) => sub & (1 << positions(mask)[index]!)))] as const)
    const own = settled.get(grain)!.get(window)
    const patterns = overTime ? (hidden.get(grain)!.get(window) ?? []) : own ? [own.hidden] : []
    if (isHiddenBy(patterns, below)) return { isTold: false }
    const events = reports
      .filter((report) => windowStart(grain, report.time) === window)
      .filter((report) => report.values.filter((_, index) => mask & (1 << index)).join('|') === values.join('|'))
      .reduce((sum, one) => sum + one.events, 0)
    return { isTold: true, events }
  }
}

function settleAll(grain: Grain, world: World, reports: TimedReport[], within: SuppressionOptions) {
  const starts = new Set(reports.map(({ time }) => windowStart(grain, time)))
  return new Map(
    [...starts].map((start): [number, SettledWindow] => {
      const own = reports.filter(({ time }) => windowStart(grain, time) === start)
      const devices = new Map<string, Set<number>>()
      const cells = new Map<string, { values: string[]; events: number; devices: number }>()
      for (const report of own) {
        for (let mask = 0; mask < 2 ** world.dimensions; mask++) {
          const key = keyOf(report.values, mask)
          devices.set(`${mask}${key}`, (devices.get(`${mask}${key}`) ?? new Set()).add(report.sender))
        }
      }
      const full = 2 ** world.dimensions - 1
      for (const { values, events } of own) {
        const cell = cells.get(keyOf(values, full)) ?? { values, events: 0, devices: 0 }
        cells.set(keyOf(values, full), cell)
        cell.events += events
        cell.devices = devices.get(`${full}${keyOf(values, full)}`)!.size
      }
      const margins = {
        devices: (mask: number, values: readonly string[]) => devices.get(`${mask}${JSON.stringify(values)}`)?.size,
        exact: () => grain !== 'week' && grain !== 'month',
      }
      const lattice = suppress([...cells.values()], world.dimensions, margins, k, { together: true, ...within })
      const hidden = new Map<number, Map<string, boolean>>()
      for (const table of lattice.values()) {
        const keys = table.cells
          .filter((cell) => cell.hidden)
          .map((cell) => [JSON.stringify(cell.values), cell.devices >= k] as const)
        if (keys.length > 0) hidden.set(table.mask, new Map(keys))
      }
      return [start, { start, hidden, has: (mask, key) => devices.has(`${mask}${key}`) }]
    }),
  )
}

function wholeRange(grain: Grain, { grains: declared, from, to }: World) {
  const [first, last] = [windowStart(grain, from), windowStart(grain, to - 1)]
  return {
    from: containerOf(grain, first, declared)?.from ?? first,
    to: containerOf(grain, last, declared)?.to ?? windowEnd(grain, last),
  }
}

function keyOf(values: readonly string[], mask: number): string {
  return JSON.stringify(values.filter((_, index) => mask & (1 << index)))
}

function positions(mask: number): number[] {
  return [0, 1, 2].filter((index) => mask & (1 << index))
}

/** Windows that are over, and months, which nothing is longer than. */
function isOver({ world }: Case): (place: Place) => boolean {
  const longest = world.grains.at(-1)!
  return ({ grain, window }) => grain === longest || windowEnd(grain, window) <= world.to - 1
}

/** Cells under k that an analyst can work out, over some seeds. */
function attack(name: string, seeds: number, how?: How): string[] {
  return Array.from({ length: seeds }, (_, index) => index + 1).flatMap((seed) => {
    const some = makeCase(name, seed)
    return workedOutOverTime(some.reports, some.world, k, teller(some, how), isOver(some)).map(
      ({ grain, window, values, devices, how: by }) =>
        `seed ${seed}: ${devices} devices of ${values.join()} in the ${grain} of ${new Date(window).toISOString()}, by ${by}`,
    )
  })
}

describe('suppression over time', () => {
  for (const name of Object.keys(cases)) {
    it(`${name}: an analyst who solves for what is hidden in windows that are over finds none under k`, () => {
      assert.deepEqual(attack(name, 12), [])
    })

    it(`${name}: where each window hides for itself only, the same analyst does find some`, () => {
      assert.ok(attack(name, 3, { overTime: false }).length > 0)
    })

    it(`${name}: without complements, more`, () => {
      const without = attack(name, 3, { overTime: false, complementary: false })
      assert.ok(without.length > attack(name, 3, { overTime: false }).length)
    })
  }
})
