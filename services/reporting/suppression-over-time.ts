/**
 * What a window hides for the sake of other windows: an hour can be had as its day less the day's other hours. Pure.
 *
 * 1. What is hidden in a window is hidden in every window inside it.
 * 2. Windows go in blocks of two or three (window-blocks.ts): what one of a block that is over hides by itself, the
 *    others hide too. It is hidden there also if it does not occur, for a nought would be told otherwise.
 * 3. In a container the hidden windows of a cell are none, or one of them has at least k devices; else the nearest block
 *    that shows the cell hides it too.
 * 4. A day that is alone in its week and month goes with the day beside it, and the weeks of both hide what it hides.
 *
 * Why that is enough: let u be a change to a window's hidden cells that none of the window's shown cells notices (that
 * there is one is what suppression.ts sees to). Then u here and -u in another window of the block is noticed by nobody:
 * not there, where everything that could notice u is hidden; not in longer windows, as they have both; not in shorter
 * ones, if it is put into one of them. So nothing that follows within no window follows from all of them.
 */
import { dayMs, type Grain, windowEnd, windowStart } from '../../shared/window.ts'
import { blocksOf, containerOf, longerGrains, partnerOfLoneDay, type Stretch, windowsOf } from './window-blocks.ts'

/** Hidden keys by mask. */
export type Pattern = ReadonlyMap<
  number,
  { has(key: string): boolean; keys(): Iterable<string>; readonly size: number }
>

export interface SettledWindow {
  /** ms since the Unix epoch. */
  readonly start: number
  /** What suppression within the window hides, by mask; whether it has k devices. */
  readonly hidden: ReadonlyMap<number, ReadonlyMap<string, boolean>>
  /** Whether a cell occurs. */
  has(mask: number, key: string): boolean
}

export interface Level {
  readonly grain: Grain
  /** Those with cells. */
  readonly windows: ReadonlyMap<number, SettledWindow>
  /** What has been read: whole containers. */
  readonly range: Stretch
}

export interface OverTimeOptions {
  readonly grains: readonly Grain[]
  /** ms since the Unix epoch. */
  readonly now: number
}

/**
 * @param levels longest grain first; the last is the one asked for
 * @param lone what days that are alone in week and month hide by themselves, by start
 * @returns for each window of the last level in its range that has begun: patterns of which each hides
 */
export function hideOverTime(
  levels: readonly Level[],
  lone: ReadonlyMap<number, Pattern>,
  { grains, now }: OverTimeOptions,
): Map<number, Pattern[]> {
  const inside: { grain: Grain; patterns: Map<number, Pattern> }[] = []
  let found = new Map<number, Pattern[]>()
  for (const level of levels) {
    const { grain } = level
    const shared = sharedInBlocks(level, grains, now, (start) => patternsAround(grain, start, inside))
    const all = new Map(
      [...shared].map(([start, patterns]) => {
        const partners = grain === 'day' ? loneBeside(start, lone, grains) : []
        return [start, [...patterns, ...partners, ...patternsAround(grain, start, inside)]] as const
      }),
    )
    if (level !== levels.at(-1))
      inside.push({ grain, patterns: new Map([...all].map(([start, patterns]) => [start, merged(patterns)])) })
    found = new Map(
      [...all].map(([start, patterns]) => [
        start,
        [...patterns, ...(grain === 'week' ? loneOfWeek(start, lone, grains) : [])],
      ]),
    )
  }
  return found
}

/**
 * A test whether a cell is hidden, which takes the cell's key in the table over a mask.
 * @param masks the cell's own and every one below
 */
export function hidingOf(patterns: readonly Pattern[], masks: readonly number[]) {
  const hiding = masks.flatMap((mask) => {
    const keys = patterns.flatMap((pattern) => pattern.get(mask) ?? [])
    return keys.length === 0 ? [] : [{ mask, keys }]
  })
  return (keyIn: (mask: number) => string): boolean =>
    hiding.some(({ mask, keys }) => {
      const key = keyIn(mask)
      return keys.some((own) => own.has(key))
    })
}

/** Rules 2 and 3: for each window that has begun, what it hides by itself and for its block and container. */
function sharedInBlocks(
  { grain, windows, range }: Level,
  grains: readonly Grain[],
  now: number,
  around: (start: number) => Pattern[],
): Map<number, Pattern[]> {
  const found = new Map<number, Pattern[]>()
  if (longerGrains(grain, grains).length === 0) {
    for (let at = range.from; at < range.to; at = windowEnd(grain, at))
      if (at <= now || windows.has(at)) found.set(at, patternOf(windows.get(at)))
    return found
  }
  for (let at = range.from; at < range.to; ) {
    const container = containerOf(grain, at, grains)!
    for (const [start, patterns] of sharedInContainer(grain, container, windows, now, around))
      found.set(start, patterns)
    at = container.to
  }
  return found
}

interface InContainer {
  /** What it follows from: its windows, how many of them have begun and are over, and what longer windows hide. */
  readonly from: readonly unknown[]
  readonly shared: ReadonlyMap<number, Pattern[]>
}

/** Of containers, by their first window with cells: the same as long as that from which it follows is. */
const lastShared = new WeakMap<SettledWindow, InContainer>()

function sharedInContainer(
  grain: Grain,
  container: Stretch,
  windows: ReadonlyMap<number, SettledWindow>,
  now: number,
  around: (start: number) => Pattern[],
): ReadonlyMap<number, Pattern[]> {
  const starts = windowsOf(grain, container)
  const own = starts.map((start) => windows.get(start))
  const first = own.find((window) => window !== undefined)
  // Only the weeks of a month are not all in the same longer windows.
  const outside = (grain === 'week' ? starts : starts.slice(0, 1)).flatMap(around)
  const begun = starts.filter((start) => start <= now).length
  const over = starts.filter((start) => windowEnd(grain, start) <= now).length
  const from = [begun, over, ...own, ...outside]
  const last = first && lastShared.get(first)
  if (last && areSame(last.from, from)) return last.shared
  const blocks = blocksOf(grain, container).map((block) => block.filter((one) => one <= now || windows.has(one)))
  const shared = new Map<number, Pattern[]>()
  for (const block of blocks) {
    for (const start of block) {
      const sharing = block.filter((other) => other === start || windowEnd(grain, other) <= now)
      shared.set(
        start,
        sharing.flatMap((other) => patternOf(windows.get(other))),
      )
    }
  }
  for (const [block, more] of complements(blocks, windows, shared, around))
    for (const start of block) shared.get(start)!.push(more)
  if (first) lastShared.set(first, { from, shared })
  return shared
}

/** Whether two lists have the very same members. */
export function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, at) => one === others[at])
}

/** Rule 3. @returns what blocks hide besides */
function complements(
  blocks: readonly number[][],
  windows: ReadonlyMap<number, SettledWindow>,
  found: ReadonlyMap<number, Pattern[]>,
  around: (start: number) => Pattern[],
): Map<number[], Map<number, Set<string>>> {
  const more = new Map<number[], Map<number, Set<string>>>()
  const isLarge = (start: number, mask: number, key: string) => {
    const window = windows.get(start)
    return window?.has(mask, key) === true && window.hidden.get(mask)?.get(key) !== false
  }
  const aroundBlock = new Map<number, Pattern[]>()
  const hide = (mask: number, key: string, first: number) => {
    const longer = aroundBlock.get(first) ?? around(blocks[first]![0]!)
    aroundBlock.set(first, longer)
    if (longer.some((pattern) => pattern.get(mask)?.has(key))) return
    for (let away = 1; away < blocks.length; away++) {
      const near = [first - away, first + away]
      const at = near.find((one) => blocks[one]?.some((start) => isLarge(start, mask, key)) === true)
      if (at === undefined) continue
      const own = more.get(blocks[at]!) ?? new Map<number, Set<string>>()
      more.set(blocks[at]!, own)
      own.set(mask, (own.get(mask) ?? new Set()).add(key))
      return
    }
  }
  for (const [mask, keys] of hiddenWithoutCrowd(blocks, found, isLarge))
    for (const [key, first] of keys) if (first !== undefined) hide(mask, key, first)
  return more
}

/** By mask and key, where a cell is hidden: the first block; undefined if one of its hidden windows has k devices. */
function hiddenWithoutCrowd(
  blocks: readonly number[][],
  found: ReadonlyMap<number, readonly Pattern[]>,
  isLarge: (start: number, mask: number, key: string) => boolean,
): Map<number, Map<string, number | undefined>> {
  const byMask = new Map<number, Map<string, number | undefined>>()
  for (const [at, block] of blocks.entries()) {
    for (const pattern of new Set(block.flatMap((start) => found.get(start) ?? []))) {
      for (const [mask, keys] of pattern) {
        const own = byMask.get(mask) ?? new Map<string, number | undefined>()
        byMask.set(mask, own)
        for (const key of keys.keys()) {
          if (own.has(key) && own.get(key) === undefined) continue
          if (block.some((start) => isLarge(start, mask, key))) own.set(key, undefined)
          else if (!own.has(key)) own.set(key, at)
        }
      }
    }
  }
  return byMask
}

function patternOf(window: SettledWindow | undefined): Pattern[] {
  return window && window.hidden.size > 0 ? [window.hidden] : []
}

/** Rule 1: what the longer windows hide that a window is in. A week is in the months of its first and last day. */
function patternsAround(
  grain: Grain,
  start: number,
  inside: readonly { grain: Grain; patterns: ReadonlyMap<number, Pattern> }[],
): Pattern[] {
  const last = windowEnd(grain, start) - 1
  const found: Pattern[] = []
  for (const longer of inside) {
    const [from, to] = [windowStart(longer.grain, start), windowStart(longer.grain, last)]
    for (const one of from === to ? [from] : [from, to]) {
      const pattern = longer.patterns.get(one)
      if (pattern !== undefined && pattern.size > 0) found.push(pattern)
    }
  }
  return found
}

/** Rule 4, for the day beside a lone one. */
function loneBeside(day: number, lone: ReadonlyMap<number, Pattern>, grains: readonly Grain[]): Pattern[] {
  return [day - dayMs, day + dayMs]
    .filter((other) => partnerOfLoneDay(other, grains) === day)
    .flatMap((other) => lone.get(other) ?? [])
}

/** Rule 4, for a week that has a lone day or the day beside one. */
function loneOfWeek(week: number, lone: ReadonlyMap<number, Pattern>, grains: readonly Grain[]): Pattern[] {
  return loneDaysOfWeek(week, grains).flatMap((day) => lone.get(day) ?? [])
}

/** The lone days that a week hides something for; they can be the Sunday before it and the Monday after. */
export function loneDaysOfWeek(week: number, grains: readonly Grain[]): number[] {
  const days = Array.from({ length: 9 }, (_, index) => week + (index - 1) * dayMs)
  const isIn = (day: number | undefined) => day !== undefined && day >= week && day < windowEnd('week', week)
  return days.filter((day) => {
    const partner = partnerOfLoneDay(day, grains)
    return partner !== undefined && (isIn(day) || isIn(partner))
  })
}

/** By the first of them, what the same patterns were merged to before: the windows of a block mostly have the same first. */
const lastMerged = new WeakMap<Pattern, { readonly patterns: readonly Pattern[]; readonly merged: Pattern }[]>()
const mergedMax = 8

function merged(patterns: readonly Pattern[]): Pattern {
  const [first] = patterns
  if (first !== undefined && patterns.length === 1) return first
  const known = (first && lastMerged.get(first)) ?? []
  const last = known.find((one) => areSame(one.patterns, patterns))
  if (last) return last.merged
  const all = new Map<number, Set<string>>()
  for (const pattern of patterns)
    for (const [mask, keys] of pattern) {
      const own = all.get(mask) ?? new Set()
      all.set(mask, own)
      for (const key of keys.keys()) own.add(key)
    }
  if (first) lastMerged.set(first, [{ patterns, merged: all }, ...known].slice(0, mergedMax))
  return all
}
