import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { event, startCollector } from './running-collector.ts'

const body = Buffer.from(JSON.stringify({ events: [event] }))
const mib = 1024 * 1024

test('gzip and br are read, also gzip that is not announced, under any content type', async () => {
  await using running = await startCollector()
  const tries: [Uint8Array, Record<string, string>][] = [
    [gzipSync(body), { 'content-encoding': 'gzip' }],
    [gzipSync(body), { 'content-encoding': 'X-GZIP' }],
    [gzipSync(body), { 'content-type': 'application/x-www-form-urlencoded' }],
    [brotliCompressSync(body), { 'content-encoding': 'br', 'content-type': 'text/plain' }],
    [body, { 'content-encoding': 'identity', 'content-type': 'not a content type' }],
  ]
  for (const [bytes, headers] of tries) {
    const answer = await running.send(bytes, headers)
    assert.deepEqual(await answer.json(), { accepted: 1, rejected: [] })
  }
  assert.equal(running.records().length, tries.length)
})

test('bombs end at the bound with 413', async () => {
  await using running = await startCollector()
  const zeros = Buffer.alloc(64 * mib)
  for (const [bytes, coding] of [
    [gzipSync(zeros), 'gzip'],
    [brotliCompressSync(zeros), 'br'],
  ] as const) {
    const answer = await running.send(bytes, { 'content-encoding': coding })
    assert.equal(answer.status, 413)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  }
})

test('too many bytes as sent are 413, with and without a length', async () => {
  await using running = await startCollector()
  assert.equal((await running.send(Buffer.alloc(2 * mib, 0x20))).status, 413)
  const stream = new ReadableStream({
    start(controller) {
      for (let index = 0; index < 20; index++) controller.enqueue(new Uint8Array(100_000).fill(0x20))
      controller.close()
    },
  })
  const init = {
    method: 'POST',
    body: stream,
    duplex: 'half',
    headers: { authorization: 'Bearer write-key-for-tests-0001' },
  }
  assert.equal((await fetch(`${running.url}/v1/events`, init as RequestInit)).status, 413)
})

test('damaged or truncated compression is 400, an unknown coding 415', async () => {
  await using running = await startCollector()
  const gzipped = gzipSync(body)
  const status = async (bytes: Uint8Array, coding: string): Promise<number> =>
    (await running.send(bytes, { 'content-encoding': coding })).status
  assert.equal(await status(gzipped.subarray(0, gzipped.length - 9), 'gzip'), 400)
  assert.equal(await status(body, 'gzip'), 400)
  assert.equal(await status(body, 'br'), 400)
  assert.equal(await status(Buffer.alloc(0), 'gzip'), 400)
  assert.equal(await status(body, 'zstd'), 415)
  assert.equal(await status(gzipSync(gzipped), 'gzip, gzip'), 415)
  assert.equal(running.records().length, 0)
})
