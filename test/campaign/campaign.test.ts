import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRedis } from '../../infra/services/redis.ts'
import { MissingProgramError, needProgram } from '../../infra/services/run-program.ts'
import { runCampaign } from './campaign.ts'

const missing = await missingServers()

test('on real servers, with processes and servers killed and paused, every acknowledged event counts once', {
  skip: process.env.CI === 'true' ? false : missing,
}, async () => {
  const result = await runCampaign({
    seed: 7,
    minutes: 0.5,
    brokers: 1,
    first: [
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

/** Why not, or false. */
async function missingServers(): Promise<string | false> {
  if (!findRedis()) return 'needs Redis: npm run services:up says how to get one'
  try {
    await needProgram('java', ['-version'], 'Kafka needs Java')
    await needProgram('mvn', ['-version'], 'Kafka needs Maven')
    return false
  } catch (error) {
    if (error instanceof MissingProgramError) return error.message
    throw error
  }
}
