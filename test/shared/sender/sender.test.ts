/** What a host sees of its sender: events arrive with their ids and times, and nothing that it does breaks it. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TrackedEvent } from '../../../shared/sender/options.ts'
import { createSender } from '../../../shared/sender/sender.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { nowhere, recordingCollector } from './recording-collector.ts'

const writeKey = 'a-write-key-of-tests'
const environment = {}

test('events arrive in one compressed batch, each with an id, a time and the defaults', async () => {
  await using collector = await recordingCollector()
  const defaults = { device: 'd-1', version: '2.1' }
  const sender = createSender({ url: collector.url, writeKey, environment, defaults })
  assert.equal(sender.track({ feature: 'services' }), true)
  assert.equal(sender.track({ feature: 'jobs', version: '2.2', time: '2026-11-20T00:00:00Z', id: 'own' }), true)
  assert.equal(await sender.close(), true)
  const [request] = collector.requests
  assert.equal(collector.requests.length, 1)
  assert.equal(request?.headers.authorization, `Bearer ${writeKey}`)
  assert.equal(request?.headers['content-encoding'], 'gzip')
  const [first, second] = request?.events ?? []
  assert.match(String(first?.id), /^[0-9a-f-]{36}$/)
  assert.ok(Math.abs(Date.parse(String(first?.time)) - Date.now()) < 60_000)
  assert.deepEqual({ ...first, id: 0, time: 0 }, { id: 0, time: 0, ...defaults, feature: 'services' })
  const given = { id: 'own', time: '2026-11-20T00:00:00Z' }
  assert.deepEqual(second, { ...given, device: 'd-1', version: '2.2', feature: 'jobs' })
  const { tracked, accepted, requestsAgain } = sender.stats
  assert.deepEqual({ tracked, accepted, requestsAgain }, { tracked: 2, accepted: 2, requestsAgain: 0 })
})

test('without being asked, events leave once they have waited for others', async () => {
  await using collector = await recordingCollector()
  const sender = createSender({ url: collector.url, writeKey, environment, syncMs: 5, batchMs: 20 })
  sender.track({ feature: 'services' })
  assert.equal(await sender.handedOver(20_000), true)
  assert.equal(collector.taken.length, 1)
  await sender.close()
})

test('nothing that a host passes makes it throw', async () => {
  await using collector = await recordingCollector()
  const sender = createSender({ url: collector.url, writeKey, environment })
  const cycle: Record<string, unknown> = { feature: 'a' }
  cycle.cycle = cycle
  const getter = Object.defineProperty({ feature: 'a' }, 'bad', {
    enumerable: true,
    get: () => {
      throw new Error('a host')
    },
  })
  const hostile = [
    undefined,
    null,
    1,
    'a',
    [],
    cycle,
    { feature: 'a', big: 1n },
    getter,
    { feature: 'x'.repeat(40_000) },
  ]
  for (const event of hostile) assert.equal(sender.track(event as TrackedEvent), false)
  assert.equal(sender.track({ feature: 'good' }), true)
  assert.equal(await sender.close(), true)
  assert.equal(sender.track({ feature: 'late' }), false)
  const { dropped, accepted } = sender.stats
  assert.deepEqual([accepted, dropped['not-json'], dropped['too-large'], dropped.closed], [1, 8, 1, 1])
})

test('wrong options turn it off and are said once, also where there are none', async () => {
  const warnings: string[] = []
  const onWarning = (message: string) => void warnings.push(message)
  const wrong = [
    { url: 'collector.example', writeKey },
    { url: 'ftp://collector.example', writeKey },
    { url: 'http://user:password@collector.example', writeKey },
    { url: nowhere, writeKey: 'two\r\nlines' },
    { url: nowhere, writeKey: '' },
  ]
  for (const options of wrong) {
    const sender = createSender({ ...options, environment, onWarning })
    assert.equal(sender.track({ feature: 'a' }), false)
    assert.equal(await sender.close(), true)
  }
  assert.equal(warnings.length, wrong.length)
  assert.match(warnings[0] ?? '', /`url` must be the address of a collector/)
})

test('callbacks that throw or reject stay with the host', async () => {
  await using collector = await recordingCollector()
  const fail = () => {
    throw new Error('a host')
  }
  const onAnswered = async () => fail()
  const sender = createSender({
    url: collector.url,
    writeKey,
    environment,
    onAnswered,
    onDropped: fail,
    onWarning: fail,
  })
  sender.track(undefined as unknown as TrackedEvent)
  sender.track({ feature: 'a' })
  assert.equal(await sender.close(), true)
  assert.equal(sender.stats.accepted, 1)
})

for (const off of [
  { telemetryEnabled: false, environment: {} },
  { environment: { HEADCOUNT_TELEMETRY: 'off' } },
  { telemetryEnabled: true, environment: { DO_NOT_TRACK: '1' } },
]) {
  test(`${JSON.stringify(off)} keeps nothing and sends nothing, also not what waited`, async () => {
    await withTemporaryDirectory(async (dir) => {
      await using collector = await recordingCollector()
      const spoolDir = path.join(dir, 'spool')
      const before = createSender({ url: nowhere, writeKey, environment, spoolDir })
      before.track({ feature: 'a' })
      await before.close()
      assert.equal((await readdir(spoolDir)).length, 1, 'control: something waits')
      const sender = createSender({ url: collector.url, writeKey, spoolDir, ...off })
      assert.equal(sender.track({ feature: 'a' }), false)
      assert.equal(await sender.close(), true)
      assert.deepEqual([await readdir(spoolDir), collector.requests], [[], []])
    })
  })
}

test('DO_NOT_TRACK=0 and HEADCOUNT_TELEMETRY=on leave it on', async () => {
  await using collector = await recordingCollector()
  const said = { DO_NOT_TRACK: '0', HEADCOUNT_TELEMETRY: 'on' }
  const sender = createSender({ url: collector.url, writeKey, environment: said })
  sender.track({ feature: 'a' })
  await sender.close()
  assert.equal(collector.taken.length, 1)
})

test('show prints what would be sent, but for the key, and sends and keeps nothing', async () => {
  await withTemporaryDirectory(async (dir) => {
    await using collector = await recordingCollector()
    const spoolDir = path.join(dir, 'spool')
    const event = { feature: 'services', id: 'e-1', time: '2026-11-20T00:00:00Z' }
    let text = ''
    const show = (more: string) => {
      text += more
    }
    const options = { url: collector.url, writeKey, environment, spoolDir }
    const shown = createSender({ ...options, show })
    shown.track(event)
    await shown.close()
    assert.deepEqual([collector.requests, existsSync(spoolDir)], [[], false])

    const sent = createSender(options)
    sent.track(event)
    await sent.close()
    const { headers, events } = collector.requests[0]!
    const [head = '', body = ''] = text.split('\n\n')
    const [line, ...shownHeaders] = head.split('\n')
    assert.equal(line, `POST ${collector.url}/v1/events`)
    assert.doesNotMatch(text, new RegExp(writeKey))
    for (const shownHeader of shownHeaders) {
      const [name = '', value] = shownHeader.split(': ')
      assert.equal(headers[name]?.toString().replace(writeKey, '<write key>'), value)
    }
    assert.deepEqual([JSON.parse(body)], events)
  })
})

test('a host that tracks a million events without a collector stays within its bounds', async () => {
  await withTemporaryDirectory(async (dir) => {
    const [memoryBytesMax, spoolBytesMax] = [1024 * 1024, 2 * 1024 * 1024]
    const sender = createSender({ url: nowhere, writeKey, environment, spoolDir: dir, memoryBytesMax, spoolBytesMax })
    let [memory, spool] = [0, 0]
    const look = () => {
      const { memoryBytes, spoolBytes } = sender.stats
      memory = Math.max(memory, memoryBytes)
      spool = Math.max(spool, spoolBytes)
    }
    for (let number = 0; number < 1_000_000; number++) {
      sender.track({ feature: 'services', device: 'd-1', number })
      if (number % 10_000 === 0) await sleep(10)
      if (number % 1_000 === 0) look()
    }
    await sender.handedOver(20_000)
    look()
    await sender.close(0)
    const { tracked, dropped } = sender.stats
    assert.equal(tracked, 1_000_000)
    assert.ok(memory <= memoryBytesMax && spool <= spoolBytesMax, `${memory} and ${spool} bytes`)
    assert.ok(spool > spoolBytesMax / 2 && dropped['memory-full'] > 0, 'control: the bounds were reached')
  })
})
