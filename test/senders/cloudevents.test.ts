/**
 * The CloudEvents SDK in all three modes, over a connection that cannot be relied on. Its transport says nothing of the
 * status and does not send again, so its caller does, as callers must: after Retry-After, and after a broken connection.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CloudEvent, emitterFor, HTTP, httpTransport, Mode, type Options, type TransportFunction } from 'cloudevents'
import { headcountOfFile } from '../fixtures/headcount-of-file.ts'
import { credentialsOf } from '../fixtures/headcount-process.ts'
import { filesHolding } from '../fixtures/live-folder.ts'
import { countFeatures } from './count-features.ts'
import { type Asked, faults, unreliableProxy } from './unreliable-proxy.ts'

const devices = 25
const total = 200
const types = ['services', 'jobs', 'dcos_login', 'com.example.canary-type']
const atOnce = 100

const headcount = headcountOfFile()

/** Sends until the answer is no request to come again. */
async function persistently(send: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const answer = await send().catch((error: NodeJS.ErrnoException) => error)
    if (answer instanceof Error) {
      assert.equal((answer as NodeJS.ErrnoException).code, 'ECONNRESET')
      continue
    }
    const { headers } = answer as { headers: Record<string, string> }
    if (headers['retry-after'] === undefined) return
    await sleep(Number(headers['retry-after']) * 1000)
  }
}

function eventOf(index: number, version: string): CloudEvent<unknown> {
  const data = { version, email: 'canary@canary.example' }
  const type = types[index % types.length] ?? ''
  const device = { deviceid: `${version}-device-${Math.floor(index / types.length) % devices}` }
  const more = { subject: 'canary-subject', source: 'https://canary.example/source', ...device }
  // Every third has its data as bytes: in structured mode data_base64, in binary mode the body.
  const bytes = index % 3 === 0
  const given = bytes ? new Uint8Array(Buffer.from(JSON.stringify(data))) : data
  return new CloudEvent({ type, ...more, data: given, datacontenttype: 'application/json' })
}

/** What the SDK knows no mode for, with its own serialisation of each event. */
const batchOf = (events: readonly CloudEvent<unknown>[]) => ({
  headers: { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' },
  body: `[${events.map((event) => HTTP.structured(event).body).join(',')}]`,
})

async function sendAll(mode: Mode, url: string, writeKey: string, version: string): Promise<void> {
  // With the key in the sink's address, as where nothing but an address can be configured.
  const sink = new URL('/v1/cloudevents', url)
  sink.username = writeKey
  const transport = httpTransport(sink) as TransportFunction
  const events = Array.from({ length: total }, (_, index) => eventOf(index, version))
  const options: Options = {}
  if (mode === Mode.BATCH) {
    const batches = Array.from({ length: total / 10 }, (_, batch) => batchOf(events.slice(batch * 10, batch * 10 + 10)))
    await Promise.all(batches.map((batch) => persistently(() => transport(batch, options))))
    return
  }
  const emit = emitterFor(transport, { mode })
  for (let start = 0; start < total; start += atOnce)
    await Promise.all(events.slice(start, start + atOnce).map((event) => persistently(() => emit(event))))
}

/** Several are under way at once, so each has a fate of its own. */
const idOf = ({ headers, body }: Asked) =>
  headers['ce-id']?.toString() ?? /"id":"([^"]+)"/.exec(body.toString())?.[1] ?? ''

for (const [mode, version] of [
  [Mode.BINARY, '2.1'],
  [Mode.STRUCTURED, '2.2'],
  [Mode.BATCH, '2.3'],
] as const) {
  test(`${mode} mode: refused, dropped and repeated requests lose and double nothing, and every send ends well`, async () => {
    const { writeKey } = await credentialsOf(headcount.dataDir)
    const proxy = await unreliableProxy(headcount.running.collectorUrl, { seed: 3, share: 0.3, nameOf: idOf })
    try {
      await sendAll(mode, proxy.url, writeKey, version)
      for (const fault of faults) assert.ok(proxy.count(fault) > 0, `no request was ${fault}`)
      const answers = proxy.seen.filter(({ fate }) => fate === 'passed').map(({ status }) => status)
      assert.deepEqual(new Set(answers), new Set([202]))
      const counted = await countFeatures(headcount.running, headcount.dataDir, total, `version:${version}`)
      const each = { events: total / types.length, devices }
      assert.deepEqual(counted, { '(other)': each, dcos_login: each, jobs: each, services: each })
      assert.deepEqual(await filesHolding(headcount.dataDir, 'canary.example', 'canary-subject', 'canary-type'), [])
    } finally {
      await proxy.close()
    }
  })
}
