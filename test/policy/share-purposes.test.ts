/**
 * share-purposes: "affiliated businesses … agents … only to the extent related", and with no rights beyond it. A partner's key
 * names its datasets, its purpose and its end date, and over HTTP nothing outside them is served.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type AccessRow, readAccessTable } from '../partners/access-table.ts'
import { PartnerFixture, tokens, usageRows } from '../partners/partner-fixture.ts'

const day = '2026-11-23'
const until = '2026-11-26T12:00:00.000Z'
const fixture = new PartnerFixture({ env: { HEADCOUNT_PARTNER_REQUESTS_PER_MINUTE: '100000' } })
const wish = { name: 'Example Research', datasets: ['usage'], purpose: 'Which features are worth work', until }
/** Every route of the partner API, as the table in infra/partner-api.md has them. */
let routes: AccessRow[]
let url = ''
let key = ''
/** Of a partner that may read the other dataset. */
let otherKey = ''
before(async () => {
  await fixture.open()
  url = await fixture.reporting.app.listen({ port: 0, host: '127.0.0.1' })
  const table = await readAccessTable()
  routes = table.filter(({ path }) => path.startsWith('/partner/v1/') && !path.includes('{token}'))
  await fixture.release('usage', day, usageRows)
  // A word and a number that no answer about the other dataset has.
  const variant = { level: 'leaf', values: ['enterprise'], devices: 7_654_321n, sums: [9n], flags: [] }
  await fixture.release('variants', day, [variant])
  ;({ key } = await add(wish))
  ;({ key: otherKey } = await add({ ...wish, name: 'Other', datasets: ['variants'], until: '2027-01-01' }))
})
after(() => fixture.close())

async function add(wished: object): Promise<{ partner: string; key: string }> {
  const answer = await send('POST', '/api/v1/partners', tokens.adminToken, wished)
  assert.equal(answer.status, 201, answer.text)
  return JSON.parse(answer.text) as { partner: string; key: string }
}

async function send(method: string, path: string, bearer: string, body?: object) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(bearer !== '' && { authorization: `Bearer ${bearer}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, text: await response.text() }
}

/** Every route with the dataset's name in it; of those that name none, what they list. */
async function sweep(bearer: string, dataset: string) {
  const answers = []
  for (const { method, path } of routes) {
    const asked = path.replaceAll('{d}', dataset).replaceAll('{day}', day)
    const body = method === 'POST' ? {} : undefined
    answers.push({ path, namesDataset: path.includes('{d}'), ...(await send(method, asked, bearer, body)) })
  }
  return answers
}

async function partnersInLedger(): Promise<
  { name: string; datasets: readonly string[]; purpose: string; until: string }[]
> {
  const found = []
  for await (const { event } of fixture.ledger.entries())
    if (event.kind === 'partner.added') {
      const { name, datasets, purpose, until: end } = event
      found.push({ name, datasets, purpose, until: end })
    }
  return found
}

test('there is no key without datasets, purpose and end date; the ledger has them as they were given', async () => {
  const before = await partnersInLedger()
  assert.deepEqual(before[0], { ...wish, datasets: ['usage'] })
  for (const [member, values] of [
    ['datasets', [undefined, [], ['internal'], ['usage', 'nothing'], 'usage', ['*']]],
    ['purpose', [undefined, '', ' ', 7]],
    ['until', [undefined, '', 'never', '2026-11-25T10:15:00Z', '2099-01-01']],
  ] as const)
    for (const value of values) {
      const { status, text } = await send('POST', '/api/v1/partners', tokens.adminToken, { ...wish, [member]: value })
      assert.equal(status, 400, `${member} ${JSON.stringify(value)}: ${text}`)
    }
  assert.deepEqual(await partnersInLedger(), before)
})

test('purpose, datasets and end date are told to everybody', async () => {
  const { text } = await send('GET', '/privacy/disclosures', '')
  const { partners } = JSON.parse(text) as {
    partners: { name: string; purpose: string; until: string; mayRead: string[] }[]
  }
  const one = partners.find(({ name }) => name === wish.name)
  assert.deepEqual([one?.purpose, one?.until, one?.mayRead], [wish.purpose, until, ['usage']])
})

test('every route serves the key its dataset', async () => {
  assert.ok(routes.length > 15 && routes.filter(({ path }) => path.includes('{d}')).length > 10)
  for (const { path, status, text } of await sweep(key, 'usage')) assert.equal(status, 200, `${path}: ${text}`)
})

test('no route serves it another: not by name, not in a list; the other’s key is the control', async () => {
  for (const dataset of ['variants', 'internal', 'usage,variants', '..%2Fvariants'])
    for (const { path, status, namesDataset } of await sweep(key, dataset))
      if (namesDataset) assert.ok([400, 404].includes(status), `${path} of ${dataset}: ${status}`)
  const hasOther = ({ text }: { text: string }) => /variant|enterprise|7654321/.test(text)
  assert.deepEqual((await sweep(key, 'usage')).filter(hasOther), [])
  assert.ok((await sweep(otherKey, 'variants')).filter(hasOther).length > 10)
})

test('it has no other rights: it cannot write, and beside the partner API it is as good as no key', async () => {
  for (const { path } of routes)
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const { status } = await send(method, path.replaceAll('{d}', 'usage').replaceAll('{day}', day), key)
      assert.ok([404, 405].includes(status), `${method} ${path}: ${status}`)
    }
  const before = await partnersInLedger()
  for (const { method, path } of (await readAccessTable()).filter(({ path }) => path.startsWith('/api/'))) {
    const asked = path.replaceAll('{d}', 'usage').replaceAll('{day}', day).replaceAll('{id}', 'partner-0')
    const body = method === 'POST' ? wish : undefined
    const [mine, nobodys] = [await send(method, asked, key, body), await send(method, asked, '', body)]
    assert.deepEqual([mine.status, mine.text], [nobodys.status, nobodys.text], `${method} ${path}`)
  }
  assert.equal((await send('GET', '/api/v1/usage?dataset=usage', key)).status, 401)
  assert.deepEqual(await partnersInLedger(), before)
})

test('until its end date it is served, from then on by no route, nor is a link that it made before', async () => {
  fixture.clock.set(Date.parse(until) - 1000)
  const made = await send('POST', `/partner/v1/datasets/usage/releases/${day}/links?format=csv`, key)
  const link = new URL((JSON.parse(made.text) as { url: string }).url)
  assert.equal((await send('GET', link.pathname, '')).status, 200, 'the control: a second before')
  for (const { path, status } of await sweep(key, 'usage')) assert.equal(status, 200, path)
  const reads = (await fixture.reads()).length
  fixture.clock.set(until)
  for (const { path, status } of await sweep(key, 'usage')) assert.equal(status, 401, path)
  assert.equal((await send('GET', link.pathname, '')).status, 403)
  assert.equal((await fixture.reads()).length, reads)
  for (const { path, status } of await sweep(otherKey, 'variants')) assert.equal(status, 200, `the other’s: ${path}`)
})
