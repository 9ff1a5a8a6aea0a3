import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { revokePartner } from '../../services/partners/partner-registry.ts'
import { PartnerFixture, usageRows } from './partner-fixture.ts'

const formats = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.stream',
}
const day = '2026-11-23'
const file = `datasets/usage/releases/${day}?format=csv`

describe('the partner API', () => {
  const fixture = new PartnerFixture({ env: { HEADCOUNT_PARTNER_REQUESTS_PER_MINUTE: '100000' } })
  let key = ''
  let partner = ''
  before(async () => {
    await fixture.open()
    ;({ key, partner } = await fixture.partner('ACME', ['usage']))
    for (const one of ['2026-11-20', '2026-11-21', '2026-11-22', day]) await fixture.release('usage', one, usageRows)
    await fixture.release('variants', day, [{ level: 'leaf', values: ['open'], devices: 90n, sums: [9n], flags: [] }])
  })
  after(() => fixture.close())
  const ask = (path: string, headers: Record<string, string> = {}) => fixture.ask(path, key, { headers })

  it('lists the datasets of the key, with their columns', async () => {
    const { partner: name, datasets } = (await ask('datasets')).json()
    assert.equal(name, 'ACME')
    assert.deepEqual(
      datasets.map(({ id, releases, newest }: Record<string, unknown>) => ({ id, releases, newest })),
      [{ id: 'usage', releases: 4, newest: day }],
    )
    assert.deepEqual(
      datasets[0].columns.map((one: { name: string; type: string; nullable: boolean }) => [
        one.name,
        one.type,
        one.nullable,
      ]),
      [
        ['level', 'string', false],
        ['feature', 'string', true],
        ['version', 'string', true],
        ['devices', 'integer', false],
        ['events', 'integer', true],
        ['flags', 'string', true],
      ],
    )
  })

  it('lists releases newest first, page by page, and a release published meanwhile shifts none', async () => {
    const seen: string[] = []
    const page = async (query: string) => {
      const answer = (await ask(`datasets/usage/releases?${query}`)).json()
      seen.push(...answer.releases.map((one: { day: string }) => one.day))
      return answer.next as string | null
    }
    const next = await page('limit=2')
    await fixture.release('usage', '2026-11-24', usageRows)
    assert.equal(await page(`limit=2&cursor=${next}`), null)
    assert.deepEqual(seen, [day, '2026-11-22', '2026-11-21', '2026-11-20'])
    for (const wrong of [
      'cursor=x',
      `cursor=${Buffer.from('2026-11-20').toString('base64url')}`,
      'limit=0',
      'limit=x',
      'page=2',
    ])
      assert.equal((await ask(`datasets/usage/releases?${wrong}`)).statusCode, 400, wrong)
  })

  it('gives each file as the bytes that the manifest names', async () => {
    const manifest = (await ask(`datasets/usage/releases/${day}`)).json()
    assert.equal(manifest.rows, usageRows.length)
    for (const [format, mediaType] of Object.entries(formats)) {
      const answer = await ask(`datasets/usage/releases/${day}?format=${format}`)
      const sha256 = createHash('sha256').update(answer.rawPayload).digest('hex')
      const named = manifest.files.find((one: { format: string }) => one.format === format)
      assert.deepEqual({ sha256, bytes: answer.rawPayload.length }, { sha256: named.sha256, bytes: named.bytes })
      const { headers } = answer
      assert.equal(headers['content-type'], mediaType)
      assert.equal(headers.etag, `"${sha256}"`)
      assert.equal(
        headers['repr-digest'],
        `sha-256=:${createHash('sha256').update(answer.rawPayload).digest('base64')}:`,
      )
      assert.equal(headers['cache-control'], 'private, max-age=31536000, immutable')
      assert.match(String(headers['content-disposition']), /^attachment; filename="usage-2026-11-23\.\w+"$/)
      const named2 = /filename="([^"]+)"/.exec(String(headers['content-disposition']))?.[1]
      const byName = await ask(`datasets/usage/releases/${day}/${named2}`)
      assert.ok(byName.rawPayload.equals(answer.rawPayload))
    }
    assert.equal((await ask(`datasets/usage/releases/${day}?format=xlsx`)).statusCode, 400)
  })

  it('describes a release as a data package whose files are beside it', async () => {
    const first = await ask(`datasets/usage/releases/${day}/datapackage.json`)
    const { name, resources } = first.json()
    assert.equal(name, `usage-${day}`)
    for (const { path, hash } of resources) {
      const answer = await ask(`datasets/usage/releases/${day}/${path}`)
      assert.equal(hash, `sha256:${createHash('sha256').update(answer.rawPayload).digest('hex')}`)
    }
    const again = await fixture.ask(`datasets/usage/releases/${day}/datapackage.json`, key, {
      from: await fixture.another(),
    })
    assert.ok(again.rawPayload.equals(first.rawPayload))
  })

  it('answers 304 to who has it, and 412 to who wants another', async () => {
    const { etag } = (await ask(file)).headers
    for (const tags of [`${etag}`, `W/${etag}`, `"x", ${etag}`, '*']) {
      const answer = await ask(file, { 'if-none-match': tags })
      assert.equal(answer.statusCode, 304, tags)
      assert.equal(answer.body, '')
      assert.equal(answer.headers.etag, etag)
    }
    assert.equal((await ask(file, { 'if-none-match': '"x"' })).statusCode, 200)
    assert.equal((await ask(file, { 'if-match': '"x"' })).statusCode, 412)
    assert.equal((await ask(file, { 'if-match': String(etag) })).statusCode, 200)
  })

  it('gives ranges of a file', async () => {
    const whole = (await ask(file)).rawPayload
    const { length } = whole
    const range = (value: string, more = {}) => ask(file, { range: value, ...more })
    for (const [value, start, end] of [
      ['bytes=0-9', 0, 9],
      ['bytes=10-', 10, length - 1],
      ['bytes=-7', length - 7, length - 1],
      [`bytes=5-${length + 100}`, 5, length - 1],
      [`bytes=-${length + 100}`, 0, length - 1],
    ] as const) {
      const answer = await range(value)
      assert.equal(answer.statusCode, 206, value)
      assert.equal(answer.headers['content-range'], `bytes ${start}-${end}/${length}`)
      assert.ok(answer.rawPayload.equals(whole.subarray(start, end + 1)), value)
    }
    for (const value of [`bytes=${length}-`, 'bytes=-0']) {
      const answer = await range(value)
      assert.equal(answer.statusCode, 416, value)
      assert.equal(answer.headers['content-range'], `bytes */${length}`)
      assert.equal(answer.headers['content-type'], 'application/problem+json')
    }
    for (const value of ['bytes=0-1,3-4', 'lines=1-2', 'bytes=9-1', 'bytes=-', 'bytes=a-b'])
      assert.equal((await range(value)).statusCode, 200, value)
    const { etag } = (await ask(file)).headers
    assert.equal((await range('bytes=0-9', { 'if-range': etag })).statusCode, 206)
    for (const other of ['"x"', `W/${etag}`, 'Wed, 25 Nov 2026 10:15:00 GMT'])
      assert.equal((await range('bytes=0-9', { 'if-range': other })).statusCode, 200, other)
  })

  it('answers HEAD with the same headers and no body', async () => {
    const whole = await ask(file)
    const head = await fixture.ask(file, key, { method: 'HEAD', headers: { range: 'bytes=0-9' } })
    assert.equal(head.statusCode, 200)
    assert.equal(head.body, '')
    for (const name of [
      'content-length',
      'content-type',
      'etag',
      'repr-digest',
      'accept-ranges',
      'content-disposition',
    ])
      assert.equal(String(head.headers[name]), String(whole.headers[name]), name)
  })

  it('records every access before the answer, 304 and HEAD too, and names the ledger with it in', async () => {
    const before = (await fixture.reads()).length
    const manifest = await ask(`datasets/usage/releases/${day}`)
    const { etag } = (await ask(file)).headers
    await ask(file, { 'if-none-match': String(etag) })
    await fixture.ask(file, key, { method: 'HEAD' })
    const list = await ask('datasets/usage/releases')
    await ask('datasets')
    const shares = await ask('delta/shares')
    const csv = String(etag).slice(1, -1)
    const release = { dataset: 'usage', day }
    const read = { kind: 'partner.read', partner, what: 'file', ...release, format: 'csv', sha256: csv }
    assert.deepEqual((await fixture.reads()).slice(before), [
      {
        kind: 'partner.read',
        partner,
        what: 'manifest',
        ...release,
        sha256: String(manifest.headers.etag).slice(1, -1),
      },
      read,
      read,
      read,
      { kind: 'partner.read', partner, what: 'list', dataset: 'usage' },
      { kind: 'partner.read', partner, what: 'list' },
      { kind: 'partner.read', partner, what: 'delta' },
    ])
    const { head } = await fixture.ledger.state()
    assert.equal(shares.headers['headcount-ledger-head'], `${head.seq}:${head.hash}`)
    const [seq] = String(list.headers['headcount-ledger-head']).split(':')
    assert.equal(Number(seq), head.seq - 2)
    const told = (await ask('ledger/head')).json()
    assert.equal(told.seq, head.seq + 1)
  })

  it('counts refusals by reason and records none', async () => {
    const before = (await fixture.reads()).length
    await fixture.ask(file, 'hcp_wrong')
    await ask('datasets/variants/releases')
    assert.equal((await fixture.reads()).length, before)
    const metrics = await fixture.metrics.registry.metrics()
    assert.match(metrics, /headcount_partner_refusals_total\{reason="no-partner"\} [1-9]/)
    assert.match(metrics, /headcount_partner_refusals_total\{reason="no-such-release"\} [1-9]/)
  })

  it('shows what is sealed only once it is published', async () => {
    await fixture.release('usage', '2026-11-19', usageRows, 'SEALED')
    assert.equal((await ask('datasets/usage/releases/2026-11-19')).statusCode, 404)
    const days = (await ask('datasets/usage/releases')).json().releases.map((one: { day: string }) => one.day)
    assert.ok(!days.includes('2026-11-19'))
    const sha256 = (await fixture.ledger.state()).release('2026-11-19', 'usage')?.sha256 ?? ''
    const event = { kind: 'release.published', day: '2026-11-19', dataset: 'usage', sha256 } as const
    await fixture.ledger.append(() => ({ events: [event], result: undefined }))
    assert.equal((await ask('datasets/usage/releases/2026-11-19')).statusCode, 200)
  })

  it('hands out nothing of a release whose stored bytes are not the published ones', async () => {
    // Rows of its own: what has the same SHA-256 as another file is that file, whichever row of the table it came from.
    await fixture.release('usage', '2026-11-18', usageRows.slice(1))
    await fixture.warehouse.command(
      "ALTER TABLE releases UPDATE body = base64Encode(concat(base64Decode(body), ' ')) WHERE day = '2026-11-18' AND format = 'csv'",
    )
    const answer = await ask('datasets/usage/releases/2026-11-18?format=csv')
    assert.equal(answer.statusCode, 503)
    assert.equal((await ask('datasets/usage/releases/2026-11-18?format=ndjson')).statusCode, 200)
  })

  it('shows the heads of the ledger to everybody', async () => {
    fixture.clock.advance(24 * 3_600_000)
    const { head } = await fixture.ledger.state()
    const answer = (await fixture.ask('/privacy/ledger', '')).json()
    assert.deepEqual(answer.current, { seq: head.seq, hash: head.hash })
    assert.deepEqual(answer.days, [{ day: '2026-11-25', seq: head.seq, hash: head.hash }])
  })

  it('refuses a key from the moment it is revoked, in another process as well, and a key that has ended', async () => {
    const other = await fixture.another()
    const { partner: id, key: leaving } = await fixture.partner('Leaving', ['usage'])
    const { key: ending } = await fixture.partner('Ending', ['usage'], '2026-11-27')
    assert.equal((await fixture.ask(file, leaving, { from: other })).statusCode, 200)
    assert.equal((await fixture.ask(file, ending, { from: other })).statusCode, 200)
    await revokePartner(fixture.ledger, id)
    const refused = await fixture.ask(file, leaving, { from: other })
    assert.equal(refused.statusCode, 401)
    fixture.clock.set('2026-11-27T00:00:00Z')
    const ended = await fixture.ask(file, ending, { from: other })
    assert.equal(ended.statusCode, 401)
    assert.equal(ended.body, refused.body)
    assert.equal(ended.body, (await fixture.ask(file, 'hcp_unknown')).body)
  })
})
