/** The soak in short, with bounds that a start-up fits into; `npm run soak` is the long form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutServers } from '../campaign/needed-servers.ts'
import { isFlat, seriesOf } from './series.ts'
import { soak } from './soak.ts'
import { failuresOf } from './verdict.ts'

const skip = await withoutServers()

test('a fleet at a steady rate: everything counted once, handles and lag flat', { skip }, async () => {
  const options = { seed: 5, minutes: 0.4, batchesPerSecond: 2, idleSeconds: 5, sampleSeconds: 2 }
  const result = await soak({ ...options, log: () => undefined })
  // Half a minute is all start-up: neither memory nor an idle processor says anything yet.
  const failures = failuresOf(result, { idleMax: 1 }).filter((what) => !what.includes('memory'))
  assert.deepEqual([failures, result.examples], [[], []])
  assert.ok(result.batches > 40, `${result.batches} batches`)
})

test('control: what grows is not called flat', () => {
  const allowed = { times: 1.05, plus: 5 }
  assert.ok(isFlat(seriesOf([0, 50, 100, 100, 101, 99, 100, 102, 100]), allowed))
  assert.ok(!isFlat(seriesOf([100, 110, 120, 130, 140, 150, 160, 170, 180]), allowed))
})
