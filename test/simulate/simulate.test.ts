/** The simulation in short, and its controls. `npm run simulate` is the long form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callKinds, faults } from './faults.ts'
import { mutations } from './mutations.ts'
import { catchMutations, runSeeds } from './seeds.ts'
import { simulate } from './simulate.ts'

const seed = 20_261
const rareKinds = new Set([
  'log.expire',
  'log.bytes',
  'warehouse.tableBytes',
  'key-value.sweep',
  'key-value.putIfAbsent',
])

test('whatever goes wrong at any await, every event is counted once', async () => {
  const { failed, counts } = await runSeeds(40, seed)
  assert.deepEqual(
    failed.map((one) => ({ seed: one.seed, lost: one.lost, doubled: one.doubled, stuck: one.stuck, of: one.examples })),
    [],
  )
  // A simulation in which nothing goes wrong would say the same.
  assert.ok(counts.of('batches planned') > 40 * 200, 'several hundred batches a seed')
  assert.deepEqual(
    faults.filter((fault) => callKinds.every((kind) => counts.faultsAt(kind, fault) === 0)),
    [],
    'faults that never happened',
  )
  assert.deepEqual(
    callKinds.filter((kind) => !rareKinds.has(kind) && faults.every((fault) => counts.faultsAt(kind, fault) === 0)),
    [],
    'calls at which nothing ever went wrong',
  )
  for (const what of [
    'late inserts that were stored',
    'late inserts fenced by their token',
    'recreated logs',
    'losses of the key-value store',
  ] as const)
    assert.ok(counts.of(what) > 0, what)
})

test('every safeguard is needed: without any one of them events are lost or doubled', async () => {
  const caught = await catchMutations(seed, 40)
  assert.deepEqual(
    caught.filter(({ afterSeeds }) => afterSeeds !== undefined).map(({ mutation }) => mutation),
    [...mutations],
  )
})

test('the same seed gives the same calls, faults and counts', async () => {
  const traces = await Promise.all(
    [0, 1].map(async () => {
      const trace: string[] = []
      await simulate({ seed, trace: (line) => void trace.push(line) })
      // What the worker logs has the real time in it.
      return trace.filter((line) => !line.includes('{"level"'))
    }),
  )
  assert.ok(traces[0]!.length > 1000)
  assert.deepEqual(traces[0], traces[1])
})
