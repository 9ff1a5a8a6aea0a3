import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPartitioner } from '../../../services/collector/partition.ts'
import { systemClock } from '../../../shared/clock.ts'
import { MemoryKeyValue } from '../../doubles/memory-key-value.ts'

const units = Array.from({ length: 4000 }, (_, index) => ({ kind: 'device' as const, id: `d${index}` }))

test('collectors that share a key-value store choose alike', async () => {
  const keyValue = new MemoryKeyValue(systemClock)
  const [one, other] = await Promise.all([createPartitioner(keyValue, 8), createPartitioner(keyValue, 8)])
  assert.deepEqual(units.map(one), units.map(other))
})

test('units are spread evenly and by kind and id', async () => {
  const choose = await createPartitioner(new MemoryKeyValue(systemClock), 4)
  const counts = [0, 0, 0, 0]
  for (const unit of units) counts[choose(unit)] = (counts[choose(unit)] ?? 0) + 1
  for (const count of counts) assert.ok(count > 800 && count < 1200, String(counts))
  assert.ok(units.some(({ id }) => choose({ kind: 'device', id }) !== choose({ kind: 'cookie', id })))
})

test('without the key nobody can tell the partition', async () => {
  const one = await createPartitioner(new MemoryKeyValue(systemClock), 64)
  const other = await createPartitioner(new MemoryKeyValue(systemClock), 64)
  assert.notDeepEqual(units.map(one), units.map(other))
})

test('a destroyed key stops the start', async () => {
  const keyValue = new MemoryKeyValue(systemClock)
  await keyValue.secrets.destroy('partitioning')
  await assert.rejects(createPartitioner(keyValue, 4), /partitioning key/)
})
