import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { revokePartner } from '../../services/partners/partner-registry.ts'
import { failuresMax } from '../../services/reporting/partner-api/failed-attempts.ts'
import { FileLinks } from '../../services/reporting/partner-api/file-links.ts'
import { PartnerFixture, usageRows } from './partner-fixture.ts'

const day = '2026-11-23'
const file = `datasets/usage/releases/${day}?format=csv`
const links = `datasets/usage/releases/${day}/links?format=csv`

describe('signed links', () => {
  const fixture = new PartnerFixture({ env: { HEADCOUNT_PUBLIC_URL: 'https://reports.example/x' } })
  const pathOf = (url: string) => new URL(url).pathname.replace(/^\/x/, '')
  const linkFor = async (key: string) => (await fixture.ask(links, key, { method: 'POST' })).json()
  before(async () => {
    await fixture.open()
    await fixture.release('usage', day, usageRows)
  })
  after(() => fixture.close())

  it('give the file without a key, with ranges and HEAD, in every process, and are recorded', async () => {
    const { key, partner } = await fixture.partner('ACME', ['usage'])
    const { url, expiresAt, sha256 } = await linkFor(key)
    assert.match(url, /^https:\/\/reports\.example\/x\/partner\/v1\/files\/[\w.-]+$/)
    assert.equal(expiresAt, '2026-11-25T10:30:00.000Z')
    const whole = (await fixture.ask(file, key)).rawPayload
    const from = await fixture.another()
    const answer = await fixture.ask(pathOf(url), '', { from })
    assert.equal(answer.headers.etag, `"${sha256}"`)
    assert.ok(answer.rawPayload.equals(whole))
    const part = await fixture.ask(pathOf(url), '', { headers: { range: 'bytes=1-3' } })
    assert.equal(part.statusCode, 206)
    assert.ok(part.rawPayload.equals(whole.subarray(1, 4)))
    assert.equal(
      Number((await fixture.ask(pathOf(url), '', { method: 'HEAD' })).headers['content-length']),
      whole.length,
    )
    const reads = (await fixture.reads()).filter((one) => one.partner === partner).map(({ what }) => what)
    assert.deepEqual(reads, ['link', 'file', 'file', 'file', 'file'])
  })

  it('end with their time, with the key, and at once when it is revoked; all the same answer', async () => {
    const { key, partner } = await fixture.partner('Short', ['usage'], '2026-11-25T10:20:00Z')
    const { url, expiresAt } = await linkFor(key)
    assert.equal(expiresAt, '2026-11-25T10:20:00.000Z')
    const { key: other } = await fixture.partner('Long', ['usage'])
    const long = await linkFor(other)
    fixture.clock.set('2026-11-25T10:20:00Z')
    const ended = await fixture.ask(pathOf(url), '')
    assert.equal(ended.statusCode, 403)
    assert.equal((await fixture.ask(pathOf(long.url), '')).statusCode, 200)
    fixture.clock.set('2026-11-25T10:30:00Z')
    assert.equal((await fixture.ask(pathOf(long.url), '')).body, ended.body)
    const again = await linkFor(other)
    assert.equal((await fixture.ask(pathOf(again.url), '')).statusCode, 200)
    const id = (await fixture.ledger.state()).partners().find(({ name }) => name === 'Long')?.partner ?? ''
    await revokePartner(fixture.ledger, id)
    assert.equal((await fixture.ask(pathOf(again.url), '', { from: await fixture.another() })).body, ended.body)
    assert.notEqual(id, partner)
  })

  it('cannot be changed or made up', async () => {
    const { key, partner } = await fixture.partner('Careful', ['usage'])
    const { url } = await linkFor(key)
    const token = pathOf(url).split('/').at(-1) ?? ''
    const [body = '', mac = ''] = token.split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    const forged = (change: (claims: unknown[]) => unknown[]) =>
      `${Buffer.from(JSON.stringify(change([...claims]))).toString('base64url')}.${mac}`
    const sha256 = claims[4]
    const otherMac = `${mac[0] === 'A' ? 'B' : 'A'}${mac.slice(1)}`
    const foreign = await new FileLinks(new PartnerFixture()).sign(
      { partner, dataset: 'usage', day, format: 'csv', sha256 },
      Date.parse('2027-01-01'),
    )
    const wrong = [
      forged((one) => one.with(5, Date.parse('2030-01-01'))),
      forged((one) => one.with(3, 'parquet')),
      forged((one) => one.with(1, 'variants')),
      ...[`${body}.`, body, `.${mac}`, '.', 'x', `${body}.${mac.slice(1)}`, `${body}.${otherMac}`, foreign.token],
    ]
    for (const one of wrong) {
      const answer = await fixture.ask(`files/${one}`, '')
      assert.equal(answer.statusCode, 403, one)
    }
    assert.equal((await fixture.ask(`files/${token}`, '')).statusCode, 200)
  })
})

describe('limits', () => {
  const fixture = new PartnerFixture({ env: { HEADCOUNT_PARTNER_REQUESTS_PER_MINUTE: '5' } })
  before(async () => {
    await fixture.open()
    await fixture.release('usage', day, usageRows)
  })
  after(() => fixture.close())

  it('are each partner’s own, shared by all processes, and slide', async () => {
    fixture.clock.set('2026-11-25T10:20:00Z')
    const { key } = await fixture.partner('Busy', ['usage'])
    const { key: calm } = await fixture.partner('Calm', ['usage'])
    const other = await fixture.another()
    const statuses = async (count: number) => {
      const answers = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          fixture.ask('datasets', key, { from: index % 2 ? other : fixture.reporting }),
        ),
      )
      return answers.map(({ statusCode }) => statusCode).sort()
    }
    assert.deepEqual(await statuses(7), [200, 200, 200, 200, 200, 429, 429])
    const refused = await fixture.ask('datasets', key)
    assert.equal(refused.headers['content-type'], 'application/problem+json')
    assert.equal(refused.headers['ratelimit-policy'], '"partner";q=5;w=60')
    assert.match(String(refused.headers.ratelimit), /^"partner";r=0;t=\d+$/)
    assert.equal((await fixture.ask('datasets', calm)).headers.ratelimit, '"partner";r=4;t=60')
    // A minute later the five weigh as five, and then less and less.
    fixture.clock.set('2026-11-25T10:21:00Z')
    const wait = Number((await fixture.ask('datasets', key)).headers['retry-after'])
    assert.equal(wait, 12)
    fixture.clock.advance(wait * 1000)
    assert.deepEqual(await statuses(2), [200, 429])
    fixture.clock.set('2026-11-25T10:25:00Z')
    assert.deepEqual(await statuses(6), [200, 200, 200, 200, 200, 429])
  })

  it('turn failed sign-ins into 429, and never a good key', async () => {
    const { key } = await fixture.partner('Good', ['usage'])
    for (let failure = 0; failure < failuresMax; failure++)
      assert.equal((await fixture.ask('datasets', `hcp_${failure}`)).statusCode, 401)
    const refused = await fixture.ask('datasets', 'hcp_x')
    assert.equal(refused.statusCode, 429)
    assert.ok(Number(refused.headers['retry-after']) > 0)
    assert.equal((await fixture.ask('datasets', key)).statusCode, 200)
    fixture.clock.advance(60_000)
    assert.equal((await fixture.ask('datasets', 'hcp_x')).statusCode, 401)
  })
})

describe('a ledger that is away', () => {
  let isAway: 'no' | 'appends' | 'all' = 'no'
  const away = () => Promise.reject(new Error('away'))
  const fixture = new PartnerFixture({
    wrapLedger: (ledger) => ({
      state: () => (isAway === 'all' ? away() : ledger.state()),
      append: (decide) => (isAway === 'no' ? ledger.append(decide) : away()),
      entries: (...range) => ledger.entries(...range),
    }),
  })
  before(async () => {
    await fixture.open()
    await fixture.release('usage', day, usageRows)
  })
  after(() => fixture.close())

  it('means 503 and no data, on every way to it', async () => {
    const { key } = await fixture.partner('ACME', ['usage'])
    const { url } = (await fixture.ask(links, key, { method: 'POST' })).json()
    const table = 'delta/shares/headcount/schemas/releases/tables/usage'
    const ways: [path: string, method?: 'POST' | 'HEAD'][] = [
      ['datasets'],
      ['datasets/usage/releases'],
      [`datasets/usage/releases/${day}`],
      [`datasets/usage/releases/${day}/datapackage.json`],
      [`datasets/usage/releases/${day}/usage-${day}.csv`],
      [file],
      [links, 'POST'],
      [new URL(url).pathname],
      ['ledger/head'],
      ['delta/shares'],
      ['delta/shares/headcount/all-tables'],
      [`${table}/version`],
      [`${table}/metadata`],
      [`${table}/query`, 'POST'],
    ]
    for (const state of ['appends', 'all', 'no'] as const) {
      isAway = state
      for (const [path, method = 'GET'] of ways) {
        const answer = await fixture.ask(path, path.startsWith('/') ? '' : key, { method })
        assert.equal(answer.statusCode, state === 'no' ? 200 : 503, `${path} with ${state} away: ${answer.body}`)
        if (state === 'no') continue
        assert.doesNotMatch(answer.body, /usage|dashboard|https?:/)
        assert.ok(Number(answer.headers['retry-after']) > 0)
        assert.equal(answer.headers.etag, undefined)
      }
    }
  })
})
