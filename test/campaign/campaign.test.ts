import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCampaign } from './campaign.ts'
import { withoutServers } from './needed-servers.ts'

const skip = await withoutServers()

test('on real servers, with processes and servers killed and paused, every acknowledged event counts once', {
  skip,
}, async () => {
  const result = await runCampaign({
    seed: 7,
    minutes: 0.5,
    brokers: 1,
    first: [
      'one partition more',
      'kill worker',
      'kill collector',
      'kill Redis',
      'kill broker',
      'delete all that Redis has',
      'kill ClickHouse',
      'pause worker beyond its session',
    ],
    log: () => undefined,
  })
  assert.ok(result.acknowledged > 20, `${result.acknowledged} batches`)
  assert.ok(result.repeats > 0)
  assert.deepEqual(result.examples, [])
  assert.deepEqual([result.lost, result.doubled, result.wrongCells, result.strangeCells], [0, 0, 0, 0])
})
