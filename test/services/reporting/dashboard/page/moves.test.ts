/** What the dashboard says rose or fell, where some days are not shown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { difference, largestMoves, movesOf } from '../../../../../services/reporting/dashboard/page/moves.ts'

const end = Date.parse('2026-11-20')
const day = (back: number): string => new Date(end - back * 86_400_000).toISOString()
/** Events of a value on each of the 14 days, the latest first; null: no cell. */
const rowsOf = (value: string, events: readonly (number | null)[]) =>
  events.flatMap((count, back) => (count === null ? [] : [[day(back + 1), value, count] as const]))
const week = (count: number | null) => Array.from({ length: 7 }, () => count)

test('a week is compared with the one before it, day by day', () => {
  const rows = [...rowsOf('up', [...week(5), ...week(3)]), ...rowsOf('down', [...week(1), ...week(2)])]
  assert.deepEqual(movesOf({ rows, suppressed_in: [] }, end), [
    { value: 'up', before: 21, after: 35 },
    { value: 'down', before: 14, after: 7 },
  ])
})

test('a day without a cell is zero only where nothing was left out', () => {
  const rows = rowsOf('seldom', [4, ...week(null).slice(1), ...week(4)])
  assert.deepEqual(movesOf({ rows, suppressed_in: [] }, end), [{ value: 'seldom', before: 28, after: 4 }])
  // On the six days on which something is hidden it may have been used as well: they and their weekdays do not count.
  const hidden = Array.from({ length: 6 }, (_, back) => [day(back + 2), 2] as const)
  assert.deepEqual(movesOf({ rows, suppressed_in: hidden }, end), [{ value: 'seldom', before: 4, after: 4 }])
})

test('what was hidden all week is new or gone, not zero', () => {
  const all = Array.from({ length: 14 }, (_, back) => [day(back + 1), 1] as const)
  const rows = [...rowsOf('new', [...week(9), ...week(null)]), ...rowsOf('gone', [...week(null), ...week(8)])]
  assert.deepEqual(movesOf({ rows, suppressed_in: all }, end), [
    { value: 'new', before: undefined, after: 63 },
    { value: 'gone', before: 56, after: undefined },
  ])
  const apart = rowsOf('apart', [9, null, null, null, null, null, null, null, 8, null, null, null, null, null])
  assert.deepEqual(movesOf({ rows: apart, suppressed_in: all }, end), [], 'never shown on the same weekday')
})

test('the largest rise comes first and the largest fall last; what stays is left out', () => {
  const moves = [3, -1, 0, 8, -9, 5, -4, 2].map((by) => ({ value: String(by), before: 10, after: 10 + by }))
  assert.deepEqual(largestMoves(moves, 2).map(difference), [8, 5, -4, -9])
})
