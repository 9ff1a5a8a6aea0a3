import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SuppressionOptions } from '../../../services/reporting/suppression.ts'
import { type Grain, windowEnd } from '../../../shared/window.ts'
import { type Place, type TimedReport, type World, workedOutOverTime } from './differencing-over-time.ts'
import { SettledWorld } from './settled-world.ts'

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

/** Windows that are over, and months, which nothing is longer than. */
function isOver({ world }: Case): (place: Place) => boolean {
  const longest = world.grains.at(-1)!
  return ({ grain, window }) => grain === longest || windowEnd(grain, window) <= world.to - 1
}

/** Cells under k that an analyst can work out, over some seeds. */
function attack(name: string, seeds: number, { overTime = true, ...within }: How = {}): string[] {
  return Array.from({ length: seeds }, (_, index) => index + 1).flatMap((seed) => {
    const some = makeCase(name, seed)
    const settled = new SettledWorld(some.reports, { ...some.world, k }, within)
    const tell = (place: Place) => settled.tell(place, overTime)
    return workedOutOverTime(some.reports, some.world, k, tell, isOver(some)).map(
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
