/**
 * An analyst who has every answer of every grain and solves for what is hidden. What is unknown are the events of each
 * cell of the full table in each of the shortest windows; whatever is told is an equation about a sum of them: a cell
 * that is shown, and as well one of which it is told that it does not occur. No code is shared with what it attacks.
 */
import { type Grain, windowEnd, windowStart } from '../../../shared/window.ts'

/** One sender's events at a time in one cell of the full table. */
export interface TimedReport {
  sender: number
  /** ms since the Unix epoch. */
  time: number
  values: string[]
  events: number
}

/** A cell of a table over the dimensions in `mask`, in a window. */
export interface Place {
  grain: Grain
  window: number
  mask: number
  values: string[]
}

export interface World {
  dimensions: number
  grains: readonly Grain[]
  /** Every value that occurs of each dimension. */
  values: string[][]
  /** Shortest windows that have begun. */
  from: number
  to: number
}

export type Told = { isTold: true; events: number } | { isTold: false }

export interface Exposed extends Place {
  devices: number
  /** How it follows: from the equations alone, or with counts being whole and not negative. */
  how: 'equations' | 'bounds'
}

/** Every window of every grain that is over, or not if `begun`, and every combination of values, in it. */
export function* placesOf(world: World): Generator<Place> {
  for (const grain of world.grains)
    for (let window = windowStart(grain, world.from); window < world.to; window = windowEnd(grain, window))
      for (let mask = 0; mask < 2 ** world.dimensions; mask++)
        for (const values of combinations(world.values.filter((_, index) => mask & (1 << index))))
          yield { grain, window, mask, values }
}

/** Devices and events of a place. */
export function truth(reports: readonly TimedReport[], { grain, window, mask, values }: Place) {
  const own = reports.filter(
    (report) =>
      windowStart(grain, report.time) === window && project(report.values, mask).join('|') === values.join('|'),
  )
  return {
    events: own.reduce((sum, { events }) => sum + events, 0),
    devices: new Set(own.map(({ sender }) => sender)).size,
  }
}

/**
 * @param tell what is told of a place
 * @returns cells of fewer than k devices, in windows that `isAttacked` takes, whose events follow
 */
export function workedOutOverTime(
  reports: readonly TimedReport[],
  world: World,
  k: number,
  tell: (place: Place) => Told,
  isAttacked: (place: Place) => boolean,
): Exposed[] {
  const places = [...placesOf(world)].map((place) => ({ place, told: tell(place), ...truth(reports, place) }))
  for (const { place, told, events } of places)
    if (told.isTold && told.events !== events)
      throw new Error(`told ${told.events} where there are ${events}: ${JSON.stringify(place)}`)
  const targets = places.filter(
    ({ place, told, devices }) => !told.isTold && devices > 0 && devices < k && isAttacked(place),
  )
  const { columnsOf, count } = columnsByPlace(world, places)
  const equations = places.flatMap(({ place, told }) =>
    told.isTold ? [{ columns: columnsOf.get(place)!, sum: told.events }] : [],
  )
  const span = new Span(count)
  for (const { columns } of equations) span.add(columns)
  const bounds = narrow(equations, span.columns, 0)
  return targets.flatMap(({ place, devices, events }): Exposed[] => {
    const columns = columnsOf.get(place)
    if (!columns) return []
    if (span.has(columns)) return [{ ...place, devices, how: 'equations' }]
    const [low, high] = columns.reduce(([a, b], column) => [a + bounds.low[column]!, b + bounds.high[column]!], [
      0, 0,
    ] as [number, number])
    // A cell that is left out without being a nought has an event at least; it is not told which one that is.
    return Math.max(low, 0) === events && high === events ? [{ ...place, devices, how: 'bounds' }] : []
  })
}

/** Cells of the shortest windows that nothing told tells apart are one unknown: a place with part of one has no columns. */
function columnsByPlace(world: World, places: { place: Place; told: Told }[]) {
  const shortest = world.grains[0]!
  const index = new Map(places.map(({ place }, at) => [placeKey(place), at]))
  const full = 2 ** world.dimensions - 1
  const classes = new Map<string, { column: number; size: number; in: number[] }>()
  for (const { place } of places) {
    if (place.grain !== shortest || place.mask !== full) continue
    const containing = world.grains.flatMap((grain) =>
      Array.from({ length: full + 1 }, (_, mask) =>
        index.get(
          placeKey({
            grain,
            window: windowStart(grain, place.window),
            mask,
            values: project(place.values, mask),
          }),
        ),
      ),
    ) as number[]
    const told = containing.filter((at) => places[at]!.told.isTold)
    const key = told.join()
    const found = classes.get(key)
    if (found) {
      found.size++
      found.in.push(...containing)
    } else classes.set(key, { column: classes.size, size: 1, in: containing })
  }
  const columns = places.map((): number[] | undefined => [])
  for (const { column, size, in: containing } of classes.values()) {
    const members = new Map<number, number>()
    for (const at of containing) members.set(at, (members.get(at) ?? 0) + 1)
    for (const [at, own] of members) {
      if (own < size) columns[at] = undefined
      else columns[at]?.push(column)
    }
  }
  const columnsOf = new Map(places.map(({ place }, at) => [place, columns[at]]))
  return { columnsOf, count: classes.size }
}

function placeKey({ grain, window, mask, values }: Place): string {
  return `${grain}/${window}/${mask}/${values.join('|')}`
}

/** Whole numbers from `least` that every equation allows, by going round the equations. */
export function narrow(equations: readonly { columns: number[]; sum: number }[], columns: number, least = 0) {
  const low = new Float64Array(columns).fill(least)
  const high = new Float64Array(columns).fill(Number.POSITIVE_INFINITY)
  for (let changed = true; changed; ) {
    changed = false
    for (const { columns: own, sum } of equations) {
      const lows = own.reduce((total, column) => total + low[column]!, 0)
      const highs = own.reduce((total, column) => total + high[column]!, 0)
      for (const column of own) {
        const most = sum - (lows - low[column]!)
        const rest = sum - (highs - high[column]!)
        if (most < high[column]!) {
          high[column] = most
          changed = true
        }
        if (rest > low[column]!) {
          low[column] = rest
          changed = true
        }
      }
    }
  }
  return { low, high }
}

const prime = 94_906_249

/** Sums of unknowns, modulo a prime: what is in the span for sure is so over fractions but for one case in ten million. */
class Span {
  readonly #rows = new Map<number, Map<number, number>>()
  constructor(readonly columns: number) {}

  add(columns: readonly number[]): void {
    const rest = this.#rest(columns)
    const pivot = rest.keys().next().value
    if (pivot === undefined) return
    const scale = inverse(rest.get(pivot)!)
    const row = new Map([...rest].map(([column, value]) => [column, (value * scale) % prime]))
    for (const [at, other] of this.#rows) {
      const factor = other.get(pivot)
      if (factor !== undefined) this.#rows.set(at, minus(other, row, factor))
    }
    this.#rows.set(pivot, row)
  }

  has(columns: readonly number[]): boolean {
    return this.#rest(columns).size === 0
  }

  /** The rows are reduced: none has another's pivot. */
  #rest(columns: readonly number[]): Map<number, number> {
    let rest = new Map(columns.map((column) => [column, 1]))
    for (const column of columns) {
      const row = this.#rows.get(column)
      if (row) rest = minus(rest, row, rest.get(column)!)
    }
    return rest
  }
}

function minus(from: Map<number, number>, row: Map<number, number>, factor: number): Map<number, number> {
  const result = new Map(from)
  for (const [column, value] of row) {
    const next = ((result.get(column) ?? 0) + (prime - factor) * value) % prime
    if (next === 0) result.delete(column)
    else result.set(column, next)
  }
  return result
}

function inverse(value: number): number {
  let [result, base, left] = [1n, BigInt(value), BigInt(prime - 2)]
  for (; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * base) % BigInt(prime)
    base = (base * base) % BigInt(prime)
  }
  return Number(result)
}

function combinations(values: string[][]): string[][] {
  return values.reduce<string[][]>((all, own) => all.flatMap((some) => own.map((one) => [...some, one])), [[]])
}

function project(values: readonly string[], mask: number): string[] {
  return values.filter((_, index) => mask & (1 << index))
}
