/** Reports of the demo's nodes go by the sender that real nodes have. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeDcosWorld } from '../../../services/command-line/demo-dcos-world.ts'
import { Random } from '../../../services/command-line/demo-random.ts'
import { DemoSender } from '../../../services/command-line/demo-sender.ts'
import { nodeUserAgent } from '../../../services/command-line/demo-user-agents.ts'
import { minuteMs } from '../../../shared/window.ts'
import { nowhere, recordingCollector } from '../../shared/sender/recording-collector.ts'

const startedAt = Date.parse('2026-11-23T10:00:00Z')
const fail = (why: Error) => assert.fail(why)

function reports(count: number) {
  const world = makeDcosWorld({ id: 'r', startedAt, random: new Random(1) }, 5 * minuteMs)
  const batches = Array.from({ length: 2_000 }, () => world.next(startedAt))
  return batches.filter(({ node }) => node).slice(0, count)
}

test('reports of nodes are accepted each as a whole, with the ids that they have', async () => {
  await using collector = await recordingCollector()
  const sender = new DemoSender(collector.url, 'key')
  const batches = reports(20)
  let accepted = 0
  for (const batch of batches) sender.start(batch, true, new AbortController().signal, () => accepted++, fail)
  await sender.idle()
  sender.close()
  assert.equal(accepted, 20)
  const ids = batches.flatMap(({ events }) => events.map(({ id }) => id))
  assert.deepEqual(collector.taken, ids)
  assert.ok(collector.requests.length < 20, 'together, not each by itself')
  assert.equal(collector.requests[0]?.headers['user-agent'], nodeUserAgent)
  assert.deepEqual([sender.tally.accepted, sender.tally.unanswered], [ids.length, 0])
})

test('reports that are given up on are not called accepted', async () => {
  const sender = new DemoSender(nowhere, 'key')
  const giveUp = new AbortController()
  const [batch] = reports(1)
  sender.start(batch!, true, giveUp.signal, () => assert.fail('nobody listens there'), fail)
  giveUp.abort()
  await sender.idle()
  sender.close()
  assert.equal(sender.tally.unanswered, batch?.events.length)
})
