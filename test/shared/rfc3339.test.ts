import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseSegmentTime, parseTime } from '../../shared/rfc3339.ts'

const same: [text: string, iso: string][] = [
  ['2026-11-23T10:15:00Z', '2026-11-23T10:15:00.000Z'],
  ['2026-11-23T10:15:00.123Z', '2026-11-23T10:15:00.123Z'],
  ['2026-11-23t10:15:00.1z', '2026-11-23T10:15:00.100Z'],
  ['2026-11-23T10:15:00.123456789Z', '2026-11-23T10:15:00.123Z'],
  ['2026-11-23T10:15:00.290Z', '2026-11-23T10:15:00.290Z'],
  ['2026-11-23T10:15:00.29+00:00', '2026-11-23T10:15:00.290Z'],
  ['2026-11-23T10:15:00+01:30', '2026-11-23T08:45:00.000Z'],
  ['2026-11-23T10:15:00-00:00', '2026-11-23T10:15:00.000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.999Z'],
  ['1990-12-31T15:59:60-08:00', '1990-12-31T23:59:59.999Z'],
]
for (const [text, iso] of same) test(`${text} is ${iso}`, () => assert.equal(parseTime(text), Date.parse(iso)))

const refused = [
  '',
  '2026-11-23',
  '2026-11-23T10:15:00',
  '2026-11-23 10:15:00Z',
  '2026-11-23T10:15Z',
  '2026-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-11-31T00:00:00Z',
  '2026-11-00T00:00:00Z',
  '2026-11-23T24:00:00Z',
  '2026-11-23T10:60:00Z',
  '2026-11-23T10:15:60Z',
  '2026-11-23T10:15:61Z',
  '2026-11-23T10:15:00.Z',
  '2026-11-23T10:15:00.12xZ',
  '2026-11-23T10:15:0xZ',
  '20x6-11-23T10:15:00Z',
  '2026-x1-23T10:15:00Z',
  '2026-11-x3T10:15:00Z',
  '2026-11-23T10:15:00+25:00',
  '2026-11-23T10:15:00+0100',
  '1969-12-31T23:59:59Z',
  '1970-01-01T00:00:00+01:00',
  '9999-12-31T23:59:59-01:00',
  '+002026-11-23T10:15:00Z',
  ' 2026-11-23T10:15:00Z',
  '2026-11-23T10:15:00Z\n',
  `2026-11-23T10:15:00.${'1'.repeat(100)}Z`,
]
for (const text of refused)
  test(`${JSON.stringify(text.slice(0, 40))} is no time`, () => assert.ok(Number.isNaN(parseTime(text))))

test('every time that Date writes is read as itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }), (time) => {
      assert.equal(parseTime(new Date(time).toISOString()), time)
    }),
  )
})

test('a day that was refused once is refused again', () => {
  for (let round = 0; round < 3; round++) assert.ok(Number.isNaN(parseTime('2026-02-30T00:00:00Z')))
})

test('Segment times may have an offset without a colon', () => {
  assert.equal(parseSegmentTime('2019-10-11T14:40:54+0000'), Date.parse('2019-10-11T14:40:54Z'))
  assert.equal(parseSegmentTime('2019-10-11T14:40:54.5-0130'), Date.parse('2019-10-11T16:10:54.500Z'))
  assert.ok(Number.isNaN(parseSegmentTime('yesterday')))
})
