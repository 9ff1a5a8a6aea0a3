/**
 * On real Kafka: workers are killed with -9 in the middle of a batch, others take over, and meanwhile some have opted out or
 * asked for deletion. Of those nothing more is counted than was at the acknowledgement; of everybody else everything, once.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fleet } from '../campaign/fleet.ts'
import { withoutServers } from '../campaign/needed-servers.ts'
import { ChoosingFleet } from './choosing-fleet.ts'

const skip = await withoutServers()
const partitions = 4
/** Of so many devices each partition has one for sure enough. */
const marks = 60
/** How long the workers work at what comes in before they are stopped, a round each, in ms. */
const worked = [0, 60, 150, 250]
const rounds = worked.length
/** A collector takes 60 choices a minute from an address. */
const perRound = 12
const requests = 6
/** An insert that was on its way at the acknowledgement has mostly arrived by then, and nobody has taken over yet. */
const arrivesMs = 2000
/** It has when for so long nothing more has. */
const unchangedMs = 1000

let fleet: Fleet
let choosing: ChoosingFleet
let dir: string
before(async () => {
  if (skip) return
  dir = await mkdtemp(path.join(tmpdir(), 'headcount-rebalance-'))
  fleet = await Fleet.start({ dir, brokers: 1, partitions, collectors: 1, workers: 2, catalogue: '' })
  await Promise.all(fleet.of('collector').map((one) => one.untilLive('/health/ready')))
  choosing = new ChoosingFleet(fleet)
})
after(async () => {
  if (skip) return
  await fleet.stop()
  await rm(dir, { recursive: true, force: true, maxRetries: 10 })
})

/** Events that are counted of a feature, once no more of them come. */
async function unchanging(feature: string): Promise<number> {
  let [count] = await choosing.counted(feature)
  for (let since = performance.now(); performance.now() - since < unchangedMs; ) {
    await sleep(100)
    const [now] = await choosing.counted(feature)
    if (now !== count) since = performance.now()
    count = now
  }
  return count
}

test('whoever has chosen is in no count that is made after, whichever worker is killed and takes over', {
  skip,
}, async (t) => {
  const [collector] = fleet.of('collector').map(({ url }) => url)
  assert.ok(collector)
  let [stayed, leftCounted, waiting] = [0, 0, 0]
  for (const [round, workedMs] of worked.entries()) {
    const leavers = Array.from({ length: perRound }, (_, at) => `leaves-${round}-${at}`)
    // Each request has both, so that a batch has; they come while the workers work.
    const sending = (async () => {
      for (let part = 0; part < requests; part++) {
        const some = leavers.slice((part * perRound) / requests, ((part + 1) * perRound) / requests)
        const both = some.flatMap((device, at) => [
          { feature: 'secrets', device },
          { feature: 'nodes', device: `stays-${round}-${part}-${at}` },
        ])
        stayed += both.length / 2
        assert.equal(await choosing.sendAll(collector, both), both.length)
      }
    })()
    await sleep(workedMs)
    const workers = fleet.of('worker')
    // One dies as it stands and the other works on, or both die; what was begun goes to whoever comes.
    const dying = round % 2 === 0 ? workers : workers.slice(0, 1)
    for (const worker of dying) worker.signal('SIGSTOP')
    await sending
    for (const [at, device] of leavers.entries()) {
      if (at % 2 === 0) await choosing.choose(collector, 'opt-out', device)
      else await choosing.deleteAll(collector, device)
    }
    await Promise.all(dying.map((worker) => worker.kill()))
    await sleep(arrivesMs)
    leftCounted = await unchanging('secrets')
    waiting += stayed - (await choosing.counted('nodes'))[0]
    for (const worker of dying) worker.start()
    await choosing.everythingIsCounted(collector, marks)
    assert.deepEqual(await choosing.counted('nodes'), [stayed, stayed], `round ${round}: who stayed is counted, once`)
    const [left] = await choosing.counted('secrets')
    assert.equal(left, leftCounted, `round ${round}: of those who left nothing more is counted`)
  }
  t.diagnostic(`${leftCounted} of ${rounds * perRound} had been counted when they left, ${waiting} who stayed waited`)
  // The control: what waited in the same batches beside those who left has been counted after all.
  assert.ok(waiting > 0)
  assert.ok(leftCounted < rounds * perRound)
})
