import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { pageBytesMax, pageFiles } from '../../../../services/reporting/dashboard/page-files.ts'
import { ReportingFixture } from '../reporting-fixture.ts'

test('the page with all that it loads is at most 60 KB gzipped', async () => {
  const { html, assets } = await pageFiles()
  const bytes = [html, ...assets.values()].reduce((sum, { gzip }) => sum + gzip.length, 0)
  assert.ok(bytes > 20_000 && bytes <= pageBytesMax, `${bytes} bytes`)
})

test('its files come as the browser takes them, and those with a hash in their name are kept', async () => {
  const fixture = await new ReportingFixture().open()
  try {
    const { assets } = await pageFiles()
    const ask = (url: string, encoding: string) =>
      fixture.reporting.app.inject({ url, headers: { 'accept-encoding': encoding } })
    for (const { name, plain } of assets.values()) {
      const url = `/dashboard/${name}`
      assert.deepEqual((await ask(url, '')).rawPayload, plain)
      assert.deepEqual(gunzipSync((await ask(url, 'gzip')).rawPayload), plain)
      const answer = await ask(url, 'gzip, br')
      assert.deepEqual(brotliDecompressSync(answer.rawPayload), plain)
      assert.match(String(answer.headers['cache-control']), /immutable/)
    }
    assert.equal((await ask('/dashboard/app-000000000000.js', '')).statusCode, 404)
    const page = await ask('/', '')
    assert.match(String(page.headers['content-security-policy']), /script-src 'self';/)
    for (const [, name] of page.body.matchAll(/"\/dashboard\/([^"]+)"/g)) assert.ok(assets.has(name as string), name)
  } finally {
    await fixture.close()
  }
})
