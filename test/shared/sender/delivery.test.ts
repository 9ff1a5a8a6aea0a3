/** What each answer of the collector means: taken, kept, split, given up, and when it is tried again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backoff, retryAfterMs } from '../../../shared/sender/backoff.ts'
import type { DropReason, SenderOptions } from '../../../shared/sender/options.ts'
import { createSender, type Sender } from '../../../shared/sender/sender.ts'
import { until } from '../../fixtures/until.ts'
import { eventsOf, ManualParts, taken } from './manual-parts.ts'
import { nowhere, recordingCollector } from './recording-collector.ts'

const writeKey = 'a-write-key-of-tests'

interface Answer {
  status: number
  retryAfter?: string
  text?: string
}

/** A sender whose collector gives these answers one after the other, and then takes everything. */
function answered(answers: (Answer | 'nothing')[], more: Partial<SenderOptions> = {}) {
  const bodies: string[] = []
  const warnings: string[] = []
  const drops: [DropReason, number][] = []
  const parts = new ManualParts(async ({ body }) => {
    bodies.push(body)
    const answer = answers.shift()
    if (answer === 'nothing') throw new Error('the connection was closed')
    return answer ? { retryAfter: undefined, text: '', ...answer } : taken(body)
  })
  const sender = createSender(
    {
      url: nowhere,
      writeKey,
      environment: {},
      onWarning: (message) => void warnings.push(message),
      onDropped: (reason, events) => void drops.push([reason, events]),
      ...more,
    },
    parts,
  )
  return { sender, parts, bodies, warnings, drops }
}

function track(sender: Sender, events: number): void {
  for (let number = 0; number < events; number++) sender.track({ feature: 'services' })
}

for (const [answer, askedMs] of [
  ['nothing', 0],
  [{ status: 500 }, 0],
  [{ status: 408 }, 0],
  [{ status: 503, retryAfter: '7' }, 7_000],
  [{ status: 429, retryAfter: 'Fri, 20 Nov 2026 12:01:00 GMT' }, 60_000],
  [{ status: 429, retryAfter: '86400' }, 86_400_000],
] as const) {
  test(`after ${JSON.stringify(answer)} the same events are sent again, no sooner than asked`, async () => {
    const { sender, parts, bodies, warnings } = answered([answer])
    track(sender, 3)
    assert.equal(await sender.flush(20_000), false)
    assert.equal(bodies.length, 1)
    const waitMs = parts.next
    assert.ok(waitMs >= askedMs && waitMs <= askedMs + 1_000, `${waitMs} ms`)
    parts.advance(waitMs)
    await until(() => sender.stats.accepted === 3)
    assert.equal(bodies[1], bodies[0])
    assert.deepEqual([sender.stats.requestsAgain, warnings], [1, []])
  })
}

for (const answer of [
  { status: 401 },
  { status: 404 },
  { status: 302 },
  { status: 200, text: '<html>Sign in</html>' },
]) {
  test(`after ${JSON.stringify(answer)} events are kept, for minutes, and it is said once`, async () => {
    const { sender, parts, bodies, warnings } = answered([answer, answer])
    track(sender, 2)
    assert.equal(await sender.flush(20_000), false)
    assert.ok(parts.next >= 30_000, `${parts.next} ms`)
    parts.advance(parts.next)
    await until(() => bodies.length === 2)
    await until(() => Number.isFinite(parts.next))
    parts.advance(parts.next)
    await until(() => sender.stats.accepted === 2)
    assert.equal(warnings.length, 1)
  })
}

test('a request that is refused for good is given up, counted and told, and the next goes out', async () => {
  const { sender, bodies, drops, warnings } = answered([{ status: 400 }], { batchEventsMax: 2 })
  track(sender, 3)
  assert.equal(await sender.flush(20_000), true)
  assert.deepEqual([bodies.length, drops, sender.stats.accepted, warnings.length], [2, [['refused', 2]], 1, 1])
})

/** Takes requests of at most three events, none of them huge. */
function small() {
  const sizes: number[] = []
  const parts = new ManualParts(async ({ body }) => {
    const events = eventsOf(body)
    sizes.push(events.length)
    const isTooLarge = events.length > 3 || events.some(({ feature }) => feature === 'huge')
    return isTooLarge ? { status: 413, retryAfter: undefined, text: '' } : taken(body)
  })
  return { sizes, sender: createSender({ url: nowhere, writeKey, environment: {} }, parts) }
}

test('what is too large is halved until it is not, and the size is remembered', async () => {
  const { sender, sizes } = small()
  track(sender, 10)
  assert.equal(await sender.flush(20_000), true)
  const before = sizes.length
  track(sender, 10)
  assert.equal(await sender.flush(20_000), true)
  assert.equal(sender.stats.accepted, 20)
  assert.ok(
    sizes.slice(before).every((size) => size <= 3),
    `${sizes}`,
  )
})

test('an event that is too large by itself is given up, and the others are sent as before', async () => {
  const { sender, sizes } = small()
  track(sender, 1)
  sender.track({ feature: 'huge' })
  track(sender, 1)
  assert.equal(await sender.flush(20_000), true)
  assert.deepEqual([sender.stats.accepted, sender.stats.dropped.refused], [2, 1])
  track(sender, 3)
  assert.equal(await sender.flush(20_000), true)
  assert.equal(sizes.at(-1), 3, `${sizes}`)
})

test('an attempt in a hurry does not shorten what the collector asks for after it', async () => {
  const { sender, parts, bodies } = answered([{ status: 500 }, { status: 503, retryAfter: '60' }])
  track(sender, 1)
  assert.equal(await sender.flush(20_000), false)
  assert.equal(await sender.flush(20_000), false)
  parts.advance(59_999)
  assert.equal(await sender.flush(20_000), false)
  assert.equal(bodies.length, 2, 'neither the earlier timer nor another hurry sends sooner')
  parts.advance(2_000)
  await until(() => sender.stats.accepted === 1)
})

test('a half that was taken is not sent again when the other has to wait', async () => {
  const { sender, parts, bodies } = answered([
    { status: 413 },
    { status: 200, text: '{"accepted":2,"rejected":[]}' },
    'nothing',
  ])
  track(sender, 4)
  assert.equal(await sender.flush(20_000), false)
  parts.advance(parts.next)
  await until(() => sender.stats.accepted === 4)
  assert.deepEqual(
    bodies.map((body) => eventsOf(body).map(({ id }) => id)),
    [
      ['id-1', 'id-2', 'id-3', 'id-4'],
      ['id-1', 'id-2'],
      ['id-3', 'id-4'],
      ['id-3', 'id-4'],
    ],
  )
})

test('what the collector rejects is counted and told by index and reason', async () => {
  let told: unknown
  const rejected = [{ index: 1, reason: 'time-invalid' }]
  const parts = new ManualParts(async ({ body }) => taken(body, rejected))
  const onAnswered = (answer: unknown) => {
    told = answer
  }
  const sender = createSender({ url: nowhere, writeKey, environment: {}, onAnswered }, parts)
  track(sender, 2)
  assert.equal(await sender.flush(20_000), true)
  assert.deepEqual([sender.stats.accepted, sender.stats.rejected], [1, 1])
  assert.deepEqual((told as { rejected: unknown }).rejected, rejected)
})

test('pauses between attempts are drawn from nothing to a bound that doubles up to five minutes', () => {
  const bounds = (random: number) => {
    const backoff = new Backoff(() => random)
    return Array.from({ length: 12 }, () => backoff.failed('away', 0))
  }
  assert.deepEqual(
    bounds(1),
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map((seconds) => seconds * 1000),
  )
  assert.deepEqual(new Set(bounds(0)), new Set([0]))
  const backoff = new Backoff(() => 1)
  backoff.failed('away', 0)
  backoff.succeeded()
  assert.equal(backoff.failed('away', 0), 1_000)
})

test('Retry-After that cannot be read asks for nothing', () => {
  const now = Date.parse('2026-11-20T12:00:00Z')
  const texts = [undefined, '', 'soon', '-5', 'Fri, 20 Nov 2026 11:00:00 GMT']
  assert.deepEqual(
    texts.map((text) => retryAfterMs(text, now)),
    texts.map(() => 0),
  )
})

test('a connection that is dropped after the events were taken brings them again with the same ids', async () => {
  await using collector = await recordingCollector(({ events }, response, number) => {
    if (number > 1) return false
    assert.equal(events.length, 2)
    response.socket?.destroy()
    return true
  })
  const sender = createSender({ url: collector.url, writeKey, environment: {} })
  track(sender, 2)
  await until(async () => await sender.flush())
  const [first, second] = collector.requests
  assert.deepEqual(first?.events, second?.events)
  await sender.close()
})

test('a collector that never answers is given up on after a while', async () => {
  await using collector = await recordingCollector((_received, _response, number) => number === 1)
  const sender = createSender({ url: collector.url, writeKey, environment: {}, answerMsMax: 1000 })
  track(sender, 1)
  assert.equal(await sender.flush(20_000), false)
  await until(async () => await sender.flush())
  assert.equal(collector.requests.length, 2)
  await sender.close()
})
