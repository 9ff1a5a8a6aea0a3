import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EpochName, epochBounds, epochOf, windowEnd, windowStart } from '../../shared/window.ts'

const at = (text: string) => Date.parse(text)
const iso = (time: number) => new Date(time).toISOString()

test('windows start where they should: minute, hour, day, ISO week, month', () => {
  const time = at('2026-03-01T13:45:59.999Z') // a Sunday
  const starts = {
    minute: '2026-03-01T13:45:00.000Z',
    hour: '2026-03-01T13:00:00.000Z',
    day: '2026-03-01T00:00:00.000Z',
    week: '2026-02-23T00:00:00.000Z',
    month: '2026-03-01T00:00:00.000Z',
  } as const
  for (const [grain, start] of Object.entries(starts))
    assert.equal(iso(windowStart(grain as keyof typeof starts, time)), start, grain)
})

test('every moment of some years, also before 1970, lies in its window, and windows join without a gap', () => {
  for (const grain of ['hour', 'day', 'week', 'month'] as const) {
    for (let time = at('1969-11-01T00:30:00Z'); time < at('1973-02-01T00:00:00Z'); time += 11 * 3_600_000) {
      const start = windowStart(grain, time)
      const end = windowEnd(grain, start)
      assert.ok(start <= time && time < end, `${grain} ${iso(time)}`)
      assert.equal(windowStart(grain, end), end)
      assert.equal(windowStart(grain, end - 1), start)
      if (grain === 'week') assert.equal(new Date(start).getUTCDay(), 1)
    }
  }
})

test('epoch names have kind and first day, and lead back to their bounds', () => {
  const time = at('2026-11-01T05:00:00Z')
  assert.deepEqual(
    [epochOf('day', time), epochOf('week', time), epochOf('month', time)],
    ['day:2026-11-01', 'week:2026-10-26', 'month:2026-11-01'],
  )
  const { start, end } = epochBounds('week:2026-10-26')
  assert.deepEqual([iso(start), iso(end)], ['2026-10-26T00:00:00.000Z', '2026-11-02T00:00:00.000Z'])
  for (const wrong of ['day', 'year:2026-01-01', 'day:tomorrow'])
    assert.throws(() => epochBounds(wrong as EpochName), /not an epoch name/)
})
