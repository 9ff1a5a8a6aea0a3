import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { parseRange } from '../../../../services/reporting/partner-api/byte-range.ts'

it('whatever is asked for, a range lies inside the bytes', () => {
  const number = fc.oneof(fc.constant(''), fc.nat({ max: 60 }).map(String), fc.constant('999999999999999'))
  fc.assert(
    fc.property(number, number, fc.nat({ max: 50 }), (from, to, length) => {
      const range = parseRange(`bytes=${from}-${to}`, length)
      if (typeof range === 'string') return
      assert.ok(0 <= range.start && range.start <= range.end && range.end < length)
      if (from !== '') assert.equal(range.start, Number(from))
    }),
  )
})

it('a header of another form is passed over', () => {
  for (const header of [
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=1-2,4-5',
    'bytes=x-',
    'items=0-1',
    'bytes=5-1',
  ])
    assert.equal(parseRange(header, 10), 'whole', header)
})

it('nothing is inside no bytes', () => {
  for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-5']) assert.equal(parseRange(header, 0), 'unsatisfiable')
})
