import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutServers } from '../campaign/needed-servers.ts'
import { type OutageResult, runOutage, scenarios } from './outage.ts'
import { failuresOf } from './verdict.ts'

const skip = await withoutServers()
const awaySeconds = 12

for (const scenario of scenarios)
  test(`${scenario}: a server is away, and every acknowledged event counts once`, { skip }, async () => {
    const result = await runOutage({ scenario, seed: 11, awaySeconds, log: () => undefined })
    assert.deepEqual([failuresOf(scenario, result), result.examples], [[], []])
    assert.ok(result.acknowledgedAway > (scenario === 'spool-full' ? 1 : awaySeconds))
  })

test('control: what must not be is found', () => {
  const good: OutageResult = {
    ...{ lost: 0, doubled: 0, wrongCells: 0, strangeCells: 0, examples: [], batches: 9, events: 99 },
    ...{ acknowledgedAway: 5, retriesBefore: 0, retriesAway: 0, refusal: undefined },
    workers: { first: 1e8, last: 1e8, max: 1e8 },
  }
  assert.deepEqual(failuresOf('clickhouse', good), [])
  const bad: Partial<OutageResult>[] = [
    { lost: 1 },
    { doubled: 1 },
    { acknowledgedAway: 0 },
    { retriesAway: 1 },
    { workers: { first: 1e8, last: 2e8, max: 2e8 } },
  ]
  for (const one of bad) assert.equal(failuresOf('clickhouse', { ...good, ...one }).length, 1, JSON.stringify(one))
  // No refusal of a full spool: neither status, nor Retry-After, nor problem.
  assert.equal(failuresOf('spool-full', good).length, 3)
})
