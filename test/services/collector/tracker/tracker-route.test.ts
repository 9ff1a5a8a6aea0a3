import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { trackerBytesMax, trackerFile } from '../../../../services/collector/tracker/tracker-file.ts'
import { startCollector } from '../running-collector.ts'

/** Not by fetch, which decompresses. */
function ask(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage & { bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    get(`${url}/tracker.js`, { headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(Object.assign(response, { bytes: Buffer.concat(chunks) })))
    }).on('error', reject)
  })
}

test('the script has at most 1 KB gzipped, and asks nobody but the collector', async () => {
  const { plain, gzip } = await trackerFile()
  assert.ok(gzip.length <= trackerBytesMax, `${gzip.length} bytes`)
  assert.deepEqual(plain.toString().match(/https?:|\/\/[a-z]/g), null)
})

test('each coding has a strong tag of its own, and whoever has it is answered 304', async () => {
  await using running = await startCollector()
  const { plain } = await trackerFile()
  const tags = new Set<string>()
  for (const [coding, decode] of [
    ['identity', (bytes: Buffer) => bytes],
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const) {
    const answer = await ask(running.url, { 'accept-encoding': coding })
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['content-encoding'] ?? 'identity', coding)
    assert.deepEqual(decode(answer.bytes), plain)
    const tag = String(answer.headers.etag)
    assert.match(tag, /^"[\w-]+"$/)
    tags.add(tag)
    const again = await ask(running.url, { 'accept-encoding': coding, 'if-none-match': `"other", ${tag}` })
    assert.equal(again.statusCode, 304)
    assert.equal(again.bytes.length, 0)
    assert.equal(again.headers.etag, tag)
  }
  assert.equal(tags.size, 3)
})

test('it is the same for whoever has opted out, sets no cookie, and pages of any origin may load it', async () => {
  await using running = await startCollector({ settings: { pageOrigins: new Set<string>() } })
  const answers = await Promise.all(
    [{}, { cookie: 'headcount_choice=opt-out' }, { 'sec-gpc': '1' }, { origin: 'https://ui.example.org' }].map(
      (headers) => ask(running.url, headers as Record<string, string>),
    ),
  )
  for (const { headers, bytes } of answers) {
    assert.deepEqual(bytes, answers[0]?.bytes)
    assert.equal(headers['set-cookie'], undefined)
    assert.equal(headers.vary, 'Accept-Encoding')
    assert.match(String(headers['cache-control']), /^public, max-age=3600,/)
    assert.equal(headers['cross-origin-resource-policy'], 'cross-origin')
    assert.equal(headers['access-control-allow-origin'], '*')
  }
})
