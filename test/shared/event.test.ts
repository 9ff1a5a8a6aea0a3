import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressUnit, decodeRecord, encodeRecord, eventsOf, type SentRecord } from '../../shared/event.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const event = fc.record({
  id: text,
  time: fc.integer({ min: 0, max: 8e15 }),
  feature: text,
  fields: fc.dictionary(fc.constantFrom('version', 'variant', '__proto__', 'nodes'), fc.oneof(text, fc.integer()), {
    noNullPrototype: true,
  }),
})
const record = fc.record({
  receivedAt: fc.integer({ min: 0, max: 8e15 }),
  route: fc.constantFrom('node', 'browser', 'import', 'import-all'),
  ip: text,
  userAgent: text,
  unit: fc.record({ kind: fc.constantFrom('device', 'cookie', 'cluster'), id: text }, { noNullPrototype: true }),
  events: fc.array(event, { maxLength: 12 }),
}) as fc.Arbitrary<SentRecord>

test('a record read back is the record that was written', () => {
  fc.assert(
    fc.property(record, (sent) => {
      const decoded = decodeRecord(encodeRecord(sent))
      assert.ok(decoded, 'decodes')
      assert.deepEqual(JSON.stringify({ ...sent, events: eventsOf(decoded) }), JSON.stringify(sent))
      assert.deepEqual(
        [decoded.unit, decoded.route, decoded.ip, decoded.receivedAt],
        [sent.unit, sent.route, sent.ip, sent.receivedAt],
      )
    }),
    { seed: 1, numRuns: 500 },
  )
})

test('the unit of a sender without an identifier is its address and user agent', () => {
  const unit = addressUnit('2001:db8::1', 'agent')
  const sent: SentRecord = { receivedAt: 1, route: 'node', ip: '2001:db8::1', userAgent: 'agent', unit, events: [] }
  assert.deepEqual(decodeRecord(encodeRecord(sent))?.unit, unit)
})

test('what is no record is undefined, and never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (noise) => {
      const decoded = decodeRecord(Buffer.from(noise))
      return decoded === undefined || decoded.ids.length === decoded.times.length
    }),
    { seed: 2, numRuns: 1000 },
  )
})
