/**
 * disclosure-notice: "California residents are entitled to ask us for a notice identifying the categories of Personal
 * Information which we share". It is public, comes from the hash-chained ledger, and a ledger that was tampered with shows.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, beforeEach, test } from 'node:test'
import { hourMs } from '../../shared/window.ts'
import { PartnerFixture, usageRows } from '../partners/partner-fixture.ts'

let fixture: PartnerFixture | undefined
beforeEach(async () => {
  await fixture?.close()
  fixture = await new PartnerFixture().open()
})
after(() => fixture?.close())

interface Told {
  verified: boolean
  problem?: string
  ledger: { seq: number; hash: string }
  personalInformation: { categoriesShared: string[]; sharedWithForDirectMarketing: string[]; statement: string }
  partners: {
    name: string
    purpose: string
    until: string
    revokedAt?: string
    mayRead: string[]
    categories: string[]
    read: {
      dataset: string
      first: string
      last: string
      filesRead: number
      descriptionsRead: number
      formats: string[]
      daysRead: number
      days: [string, string][]
    }[]
  }[]
  partnersInAll: number
  next?: number
}

async function told(query = ''): Promise<{ status: number; body: Told }> {
  fixture!.clock.advance(1000)
  const { statusCode, body } = await fixture!.ask(`/privacy/disclosures${query}`, '')
  return { status: statusCode, body: JSON.parse(body) as Told }
}

async function page(): Promise<string> {
  fixture!.clock.advance(1000)
  const answer = await fixture!.ask('/privacy/disclosures', '', { headers: { accept: 'text/html,*/*' } })
  assert.match(String(answer.headers['content-type']), /^text\/html/)
  return answer.body
}

const tamper = (sql: string) => fixture!.warehouse.command(`ALTER TABLE ledger ${sql}`)

/** Two partners, of whom one has read two days in two formats. */
async function someReads(): Promise<{ key: string; partner: string }> {
  const one = await fixture!.partner('Example Research', ['usage'])
  await fixture!.partner('Silent <Partner>', ['usage', 'variants'])
  for (const day of ['2026-11-20', '2026-11-21', '2026-11-23']) await fixture!.release('usage', day, usageRows)
  const read = async (path: string) => assert.equal((await fixture!.ask(path, one.key)).statusCode, 200, path)
  await read('datasets')
  await read('datasets/usage/releases')
  await read('datasets/usage/releases/2026-11-20?format=csv')
  fixture!.clock.advance(hourMs)
  await read('datasets/usage/releases/2026-11-21?format=parquet')
  await read('datasets/usage/releases/2026-11-21?format=csv')
  return one
}

test('without a sign-in: categories of personal information shared are none, with nobody', async () => {
  const { status, body } = await told()
  assert.equal(status, 200)
  assert.deepEqual([body.verified, body.partners, body.partnersInAll], [true, [], 0])
  assert.deepEqual(body.personalInformation.categoriesShared, [])
  assert.deepEqual(body.personalInformation.sharedWithForDirectMarketing, [])
  assert.match(body.personalInformation.statement, /California Civil Code section 1798\.83/)
  assert.match(await page(), /Nobody has been given a key/)
})

test('which datasets went to which partner, of which days, when, how often and in which form; of the others that none did', async () => {
  await someReads()
  const { body } = await told()
  const [one, silent] = body.partners
  assert.deepEqual([one?.name, one?.purpose, one?.mayRead], ['Example Research', 'tests', ['usage']])
  assert.match(one?.categories.join() ?? '', /^aggregate usage information/)
  const [usage, ...others] = one?.read ?? []
  assert.deepEqual(others, [])
  assert.deepEqual(usage, {
    dataset: 'usage',
    title: 'Usage',
    by: ['feature', 'version'],
    first: '2026-11-25T10:15:00.000Z',
    last: '2026-11-25T11:15:00.000Z',
    filesRead: 3,
    descriptionsRead: 1,
    formats: ['csv', 'parquet'],
    daysRead: 2,
    days: [['2026-11-20', '2026-11-21']],
  })
  assert.deepEqual([silent?.name, silent?.categories, silent?.read], ['Silent <Partner>', [], []])
  const { head } = await fixture!.ledger.state()
  assert.deepEqual(body.ledger, { seq: head.seq, hash: head.hash })
  const html = await page()
  for (const words of ['Example Research', '2026-11-20 to 2026-11-21', '3 files (csv, parquet)', 'Has read nothing.'])
    assert.ok(html.includes(words), words)
  assert.ok(!html.includes('<Partner>'), 'a name is text, not HTML')
})

test('neither a key nor its hash is told; a revocation is', async () => {
  const { key, partner } = await someReads()
  await fixture!.ledger.append(() => ({ events: [{ kind: 'partner.revoked', partner }], result: undefined }))
  const { body } = await told()
  assert.equal(body.partners[0]?.revokedAt?.slice(0, 10), '2026-11-25')
  const hash = createHash('sha256').update(key).digest('hex')
  const everything = JSON.stringify(body) + (await page())
  assert.equal((await fixture!.ledger.state()).partners()[0]?.keySha256, hash, 'the control: the ledger has it')
  for (const secret of [key, hash, key.slice(4)]) assert.ok(!everything.includes(secret))
})

test('partners come in pages of a bounded size', async () => {
  for (let number = 0; number < 5; number++) await fixture!.partner(`P${number}`, ['usage'])
  const names = async (query: string) => {
    const { body } = await told(query)
    return { names: body.partners.map(({ name }) => name), next: body.next, inAll: body.partnersInAll }
  }
  assert.deepEqual(await names('?limit=2'), { names: ['P0', 'P1'], next: 2, inAll: 5 })
  assert.deepEqual(await names('?limit=2&after=4'), { names: ['P4'], next: undefined, inAll: 5 })
  assert.deepEqual(await names('?after=9'), { names: [], next: undefined, inAll: 5 })
  for (const query of ['?limit=0', '?limit=501', '?after=-1', '?limit=x', '?after=1&after=2'])
    assert.equal((await fixture!.ask(`/privacy/disclosures${query}`, '')).statusCode, 400, query)
})

for (const [what, sql] of [
  ['a purpose was prettied', "UPDATE event = replace(event, 'tests', 'toast') WHERE seq = 1"],
  ['what was read was taken out', "DELETE WHERE kind = 'partner.read'"],
  ['the last entry was taken away', 'DELETE WHERE seq = (SELECT max(seq) FROM ledger)'],
  ['a partner was taken away', 'DELETE WHERE seq = 2'],
] as const)
  test(`a ledger that was tampered with does not verify, and nothing of it is shown: ${what}`, async () => {
    await someReads()
    const control = await told()
    assert.deepEqual([control.status, control.body.verified, control.body.partners.length], [200, true, 2])
    await tamper(sql)
    fixture!.clock.advance(hourMs)
    const { status, body } = await told()
    assert.deepEqual([status, body.verified], [503, false])
    assert.match(body.problem ?? '', /does not verify/)
    assert.deepEqual(Object.keys(body), ['verified', 'problem', 'personalInformation'])
    assert.doesNotMatch(body.personalInformation.statement, /no category/)
    const html = await page()
    assert.match(html, /does not verify/)
    for (const words of ['Example Research', 'Nobody has been given a key', 'no category of personal'])
      assert.ok(!html.includes(words), words)
  })

test('an end that is cut off or rewritten is found at once, not only when all is read again', async () => {
  await someReads()
  await told()
  await tamper("UPDATE hash = repeat('c', 64) WHERE seq = (SELECT max(seq) FROM ledger)")
  assert.equal((await told()).body.verified, false)
})
