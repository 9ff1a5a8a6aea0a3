/** Power cuts in short, and the controls; `npm run power-cut` is the long form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutServers } from '../campaign/needed-servers.ts'
import { hasCompiler } from './durable-state.ts'
import { cutPower } from './power-cuts.ts'
import { cutPowerOfServers } from './servers.ts'

// Under CI it must be there.
const skip = hasCompiler() || process.env.CI === 'true' ? false : 'needs a C compiler: apt-get install gcc libc6-dev'
const log = () => undefined

test('with all that was not synced gone, again and again, every acknowledged event counts once', { skip }, async () => {
  const result = await cutPower({ seed: 4, rounds: 5, log })
  assert.deepEqual([result.lost, result.doubled, result.examples], [0, 0, []])
  assert.ok(result.batches > 25, `${result.batches} batches`)
  assert.ok(result.rolledBack.files > 0, 'nothing was unsynced: no cut took anything')
})

test('the same of Kafka, Redis, ClickHouse’s engine and the processes, all at one moment', {
  skip: skip || (await withoutServers()),
}, async () => {
  const result = await cutPowerOfServers({ seed: 1, rounds: 2, log })
  assert.deepEqual([result.lost, result.doubled, result.examples], [0, 0, []])
  assert.ok(result.rolledBack.files > 0, 'nothing was unsynced: no cut took anything')
})

test('control: where syncs of data are forgotten, events or entries of the ledger are lost', { skip }, async () => {
  // ClickHouse's file of a part; it drops a part whose file is empty. A cut that falls where none is new loses nothing.
  let lost = false
  for (let seed = 2; !lost && seed < 10; seed++) lost = await losesSomething(seed)
  assert.ok(lost)
})

/** An installation whose ledger has lost entries says so and does not start. */
async function losesSomething(seed: number): Promise<boolean> {
  try {
    return (await cutPower({ seed, rounds: 2, forgets: 'data.bin', log })).lost > 0
  } catch (error) {
    assert.match(String(error), /the ledger is broken.*entries were lost/s)
    return true
  }
}
