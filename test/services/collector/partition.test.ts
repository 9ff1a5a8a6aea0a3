import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUnitHash } from '../../../services/collector/partition.ts'

const writeKey = 'write-key-for-tests-0001'
const units = Array.from({ length: 4000 }, (_, index) => ({ kind: 'device' as const, id: `d${index}` }))

test('collectors that share a write key choose alike', () => {
  assert.deepEqual(units.map(createUnitHash(writeKey)), units.map(createUnitHash(writeKey)))
})

test('units are spread evenly and by kind and id', () => {
  const hash = createUnitHash(writeKey)
  const counts = [0, 0, 0, 0]
  for (const unit of units) counts[hash(unit) % 4] = (counts[hash(unit) % 4] ?? 0) + 1
  for (const count of counts) assert.ok(count > 800 && count < 1200, String(counts))
  assert.ok(units.some(({ id }) => hash({ kind: 'device', id }) % 4 !== hash({ kind: 'cookie', id }) % 4))
})

test('without the key nobody can tell the partition', () => {
  assert.notDeepEqual(units.map(createUnitHash(writeKey)), units.map(createUnitHash('another-write-key-0001')))
})
