/**
 * Windows that share what they hide (suppression-over-time.ts). A container is what a window has in common with every
 * longer grain's windows: the hour of a minute, the day of an hour, the days of a week that are in the same month. In it
 * windows go in twos, by their place, the last three together where their number is odd.
 */
import { dayMs, type Grain, grains, windowEnd, windowStart } from '../../shared/window.ts'

export interface Stretch {
  /** ms since the Unix epoch; `to` is exclusive. */
  readonly from: number
  readonly to: number
}

const thursday = 3 * dayMs

/** The longer grains of a dataset, shortest first. */
export function longerGrains(grain: Grain, declared: readonly Grain[]): Grain[] {
  return grains.slice(grains.indexOf(grain) + 1).filter((one) => declared.includes(one))
}

/** @returns undefined when no longer grain is declared: then nothing can be subtracted from */
export function containerOf(grain: Grain, start: number, declared: readonly Grain[]): Stretch | undefined {
  const longer = longerGrains(grain, declared)
  if (longer.length === 0) return undefined
  // Months do not consist of weeks: a week goes with the month of its Thursday, which has most of its days.
  if (grain === 'week') {
    const month = windowStart('month', start + thursday)
    return { from: firstThursdayWeek(month), to: firstThursdayWeek(windowEnd('month', month)) }
  }
  const starts = longer.map((one) => windowStart(one, start))
  return {
    from: Math.max(...starts),
    to: Math.min(...longer.map((one, index) => windowEnd(one, starts[index]!))),
  }
}

/** The windows of a container in blocks of two or three; a single one only where the container is a single window. */
export function blocksOf(grain: Grain, container: Stretch): number[][] {
  const starts = windowsOf(grain, container)
  const blocks: number[][] = []
  for (let at = 0; at < starts.length; at += 2) blocks.push(starts.slice(at, at + 2))
  if (blocks.length > 1 && blocks.at(-1)!.length === 1) blocks.splice(-2, 2, starts.slice(-3))
  return blocks
}

export function windowsOf(grain: Grain, { from, to }: Stretch): number[] {
  const starts: number[] = []
  for (let at = from; at < to; at = windowEnd(grain, at)) starts.push(at)
  return starts
}

/**
 * The day that a day goes with which is alone in its week and month (a Sunday the first, a Monday the last): the one
 * beside it in the month. Undefined for every other day.
 */
export function partnerOfLoneDay(day: number, declared: readonly Grain[]): number | undefined {
  if (!declared.includes('week') || !declared.includes('month')) return undefined
  const container = containerOf('day', day, declared)!
  if (container.to - container.from > dayMs) return undefined
  return windowStart('month', day) === day ? day + dayMs : day - dayMs
}

function firstThursdayWeek(month: number): number {
  return windowStart('week', month + thursday)
}
