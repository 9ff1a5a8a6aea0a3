import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { revokePartner } from '../../services/partners/partner-registry.ts'
import { FileLinks } from '../../services/reporting/partner-api/file-links.ts'
import { type AccessRow, type Caller, callers, readAccessTable } from './access-table.ts'
import { PartnerFixture, tokens, usageRows } from './partner-fixture.ts'

const day = '2026-11-23'
const open = ['/', '/docs', '/openapi.json', '/health/live', '/health/ready']

describe('who gets what', async () => {
  const table = await readAccessTable()
  const fixture = new PartnerFixture({
    env: { HEADCOUNT_PARTNER_REQUESTS_PER_MINUTE: '100000' },
    requestRelease: async () => ({ state: 'published', releases: [] }),
  })
  const keys = new Map<Caller, string>()
  const partners = new Map<Caller, string>()
  before(async () => {
    await fixture.open()
    await fixture.release('usage', day, usageRows)
    const variant = { level: 'leaf', values: ['open'], devices: 90n, sums: [9n], flags: [] }
    await fixture.release('variants', day, [variant])
    await fixture.release('usage', '2026-11-22', usageRows, 'SEALED')
    await fixture.release('usage', '2026-11-21', usageRows, 'RESERVED')
    const add = async (caller: Caller, datasets: string[], until?: string) => {
      const { partner, key } = await fixture.partner(caller, datasets, until)
      keys.set(caller, key)
      partners.set(caller, partner)
    }
    await add("other partner's", ['variants'])
    await add('expired', ['usage'], '2026-11-25T10:16:00Z')
    await add('revoked', ['usage'])
    await add('right key', ['usage'])
    await revokePartner(fixture.ledger, partners.get('revoked') ?? '')
    fixture.clock.advance(60_000)
    keys.set('no key', '').set('wrong key', `hcp_${'A'.repeat(43)}`)
    keys.set('analyst token', tokens.analystToken).set('admin token', tokens.adminToken)
    keys.set('out of scope', keys.get('right key') ?? '')
  })
  after(() => fixture.close())

  const links = new FileLinks(fixture)
  /** As the server would have signed it, had it given one. */
  const linkOf = async (caller: Caller, dataset: string) => {
    const partner = partners.get(caller === 'out of scope' ? 'right key' : caller)
    if (partner === undefined) return 'made.up'
    const manifest = JSON.parse(await manifestOf(dataset))
    const { sha256 } = manifest.files.find(({ format }: { format: string }) => format === 'csv')
    const until = Date.parse('2027-01-01')
    return (await links.sign({ partner, dataset, day, format: 'csv', sha256 }, until)).token
  }
  const manifestOf = async (dataset: string) => {
    const { sha256 = '' } = (await fixture.ledger.state()).release(day, dataset) ?? {}
    return String(await fixture.store.manifest(dataset, day, sha256))
  }
  const bodies: Record<string, () => object> = {
    'POST /api/v1/releases': () => ({ day }),
    'POST /api/v1/annotations': () => ({ day, text: 'a release' }),
    'POST /api/v1/usage/batch': () => ({ questions: ['dataset=usage'] }),
    'POST /api/v1/shares': () => ({ ranges: [{ from: day, to: '2026-11-24' }] }),
    'POST /api/v1/partners': () => ({ name: 'New', datasets: ['usage'], purpose: 'test', until: '2026-12-01' }),
  }
  const askAs = async ({ method, path }: AccessRow, caller: Caller) => {
    const dataset = caller === 'out of scope' ? 'variants' : 'usage'
    let url = path.replaceAll('{d}', dataset).replaceAll('{day}', day)
    if (url.includes('{token}')) url = url.replace('{token}', await linkOf(caller, dataset))
    if (url.includes('{id}')) url = url.replace('{id}', (await fixture.partner('To go', ['usage'])).partner)
    const key = path.includes('{token}') ? '' : (keys.get(caller) ?? '')
    const body = bodies[`${method} ${path}`]?.()
    // Each from an address of its own, or the limit on failed sign-ins would answer.
    const remoteAddress = `10.1.${table.findIndex((row) => row.path === path && row.method === method)}.${callers.indexOf(caller)}`
    return fixture.ask(url, key, { method, remoteAddress, ...(body && { payload: body }) })
  }

  it('is told for every route that there is', async () => {
    const { paths } = (await fixture.ask('/openapi.json', '')).json() as { paths: Record<string, object> }
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}')}`),
    )
    const shape = (path: string) =>
      path
        .replace('/headcount', '/{}')
        .replace('/schemas/releases', '/schemas/{}')
        .replace('{d}-{day}.csv', '{}')
        .replaceAll(/\{\w+\}/g, '{}')
        .replace(/\?.*/, '')
    const told = new Set(table.map(({ method, path }) => `${method} ${shape(path)}`))
    for (const one of described)
      if (!open.includes(one.replace('GET ', ''))) assert.ok(told.has(one), `${one} is missing in infra/partner-api.md`)
    for (const path of open) assert.ok((await fixture.ask(path, '')).statusCode < 400, path)
  })

  for (const row of table)
    it(`${row.method} ${row.path}`, async () => {
      for (const [caller, status] of row.status) {
        if (status === undefined) continue
        const answer = await askAs(row, caller)
        assert.equal(answer.statusCode, status, `${caller}: ${answer.body.slice(0, 300)}`)
      }
    })

  it('tells the four kinds of keys that are not good from each other by nothing', async () => {
    for (const row of table.filter(({ status }) => status.get('no key') === 401 && status.get('right key') === 200)) {
      const answers = await Promise.all(
        (['no key', 'wrong key', 'expired', 'revoked', 'analyst token', 'admin token'] as const).map((caller) =>
          askAs(row, caller),
        ),
      )
      assertSame(answers)
    }
  })

  it('tells a dataset out of scope, one not there, one never released and a day not published from each other by nothing', async () => {
    const key = keys.get('right key') ?? ''
    const rows = table.filter(({ status }) => status.get('out of scope') === 404)
    assert.ok(rows.length >= 12)
    for (const { method, path } of rows) {
      const places: [dataset: string, day: string][] = [
        ['variants', day],
        ['nothing', day],
        ['internal', day],
        ['variants', '2020-01-01'],
      ]
      // Of the right dataset there is another answer only where a day is named.
      if (path.includes('{day}'))
        for (const unpublished of ['2026-11-22', '2026-11-21', '2020-01-01', '2026-02-31', 'x'])
          places.push(['usage', unpublished])
      const answers: Awaited<ReturnType<typeof fixture.ask>>[] = []
      for (const [dataset, when] of places) {
        const url = path.replaceAll('{d}', dataset).replaceAll('{day}', when)
        answers.push(await fixture.ask(url, key, { method }))
      }
      assert.deepEqual(new Set(answers.map(({ statusCode }) => statusCode)), new Set([404]), path)
      assertSame(answers)
      // What is compared can differ: the right dataset and day are another answer.
      const right = path.replaceAll('{d}', 'usage').replaceAll('{day}', day)
      const given = await fixture.ask(right, key, { method })
      assert.throws(() => assertSame([...answers, given]), path)
    }
  })

  it('lists to each partner what is theirs, and nothing of others', async () => {
    const others = keys.get("other partner's") ?? ''
    for (const path of [
      'datasets',
      'delta/shares/headcount/all-tables',
      'delta/shares/headcount/schemas/releases/tables',
    ]) {
      assert.match((await fixture.ask(path, others)).body, /variants/)
      assert.doesNotMatch((await fixture.ask(path, others)).body, /usage/)
      assert.doesNotMatch((await fixture.ask(path, keys.get('right key') ?? '')).body, /variants/)
    }
  })
})

/** Status, body and headers, but for those that go with time and with the ledger. */
function assertSame(answers: readonly { statusCode: number; rawPayload: Buffer; headers: object }[]): void {
  const passing = new Set(['date', 'headcount-ledger-head', 'ratelimit'])
  const [first, ...others] = answers.map(({ statusCode, rawPayload, headers }) => ({
    statusCode,
    body: rawPayload.toString('base64'),
    headers: Object.entries(headers)
      .filter(([name]) => !passing.has(name))
      .sort(),
  }))
  for (const other of others) assert.deepEqual(other, first)
}
