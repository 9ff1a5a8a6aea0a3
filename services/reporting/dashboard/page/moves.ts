/** Which values rise and which fall: seven whole days beside the seven before them, weekday by weekday. */
import { dayMs, type Range, startOf } from './periods.ts'

export interface DailyAnswer {
  readonly rows: readonly (readonly (string | number | null)[])[]
  readonly suppressed_in: readonly (readonly [string, number])[]
}

export interface Move {
  readonly value: string
  /** Events; undefined: on none of these days was it shown. */
  readonly before: number | undefined
  readonly after: number | undefined
}

const days = 7
/** More than the two weeks: what the shares over time ask for in the view that everybody starts with. */
const askedDays = 30

/** What is asked for: whole days, the last of them today or the period's last. */
export function askedOf(range: Range, now: number): Range {
  const to = Math.min(range.to, startOf('day', now) + dayMs)
  return { from: to - askedDays * dayMs, to }
}

/**
 * A day that is not shown is not zero: where something was left out, a value without a cell is not known, and neither it
 * nor its weekday in the other week is added up.
 * @param answer by day and value  @param end of the later seven days, exclusive, ms
 */
export function movesOf(answer: DailyAnswer, end: number): Move[] {
  const incomplete = new Set(answer.suppressed_in.map(([window]) => Date.parse(window)))
  const cells = new Map<string, Map<number, number>>()
  let [last, day]: [unknown, number] = [undefined, 0]
  for (const [window, value, events] of answer.rows) {
    const own = cells.get(value as string) ?? new Map<number, number>()
    // The rows of a window come one after the other.
    if (window !== last) day = Date.parse(window as string)
    last = window
    own.set(day, events as number)
    cells.set(value as string, own)
  }
  return [...cells].flatMap(([value, own]) => {
    const at = (day: number) => own.get(day) ?? (incomplete.has(day) ? undefined : 0)
    const pairs = Array.from({ length: days }, (_, back) => end - (back + 1) * dayMs).map(
      (day) => [at(day - days * dayMs), at(day)] as const,
    )
    const both = pairs.filter(([before, after]) => before !== undefined && after !== undefined)
    const [before, after] = [0, 1].map((which) => {
      if (both.length > 0) return both.reduce((sum, pair) => sum + (pair[which] ?? 0), 0)
      const known = pairs.flatMap((pair) => pair[which] ?? [])
      return known.length > 0 ? known.reduce((sum, events) => sum + events, 0) : undefined
    })
    // Shown in both weeks, but never on the same weekday: nothing can be said.
    return both.length === 0 && (before === undefined) === (after === undefined) ? [] : [{ value, before, after }]
  })
}

export const difference = ({ before = 0, after = 0 }: Move): number => after - before

/** Those that rose the most, then those that fell the most, the largest fall last. */
export function largestMoves(moves: readonly Move[], each: number): Move[] {
  const ordered = moves.filter((move) => difference(move) !== 0).sort((a, b) => difference(b) - difference(a))
  const risen = ordered.filter((move) => difference(move) > 0).slice(0, each)
  return [...risen, ...ordered.filter((move) => difference(move) < 0).slice(-each)]
}
