import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { dayMs } from '../../../../shared/window.ts'
import { ReportingFixture, type Seen, tokens } from '../reporting-fixture.ts'

const devices = (count: number, cell: Seen['cell']): Seen[] =>
  Array.from({ length: count }, (_, unit) => ({ unit, cell }))

describe('a shared view', () => {
  const fixture = new ReportingFixture()
  const cells = [
    ...devices(20, { feature: 'dashboard', version: '2.0' }),
    ...devices(8, { feature: 'jobs', version: '2.0' }),
    ...devices(3, { feature: 'jobs', version: '2.1' }),
    ...devices(9, { feature: 'dashboard', version: '2.1' }),
  ]
  before(async () => {
    await fixture.open()
    await fixture.insertFinal('usage', 'day', '2026-11-19', cells)
    await fixture.insertFinal('usage', 'day', '2026-11-20', cells)
    await fixture.insertFinal('usage', 'day', '2026-11-21', cells)
    await fixture.insertOpen('usage', 'day', '2026-11-22', cells)
  })
  after(() => fixture.close())

  const analyst = { authorization: `Bearer ${tokens.analystToken}` }
  const share = (body: object) =>
    fixture.reporting.app.inject({ method: 'POST', url: '/api/v1/shares', headers: analyst, payload: body })
  const usage = (query: string, headers: Record<string, string>) =>
    fixture.reporting.app.inject({ method: 'GET', url: `/api/v1/usage?dataset=usage&${query}`, headers })
  const wish = {
    title: 'Dashboard',
    ranges: [{ from: '2026-11-20', to: '2026-11-22' }],
    where: [{ dimension: 'feature', value: 'dashboard' }],
    query: 'period=custom',
  }
  const inView = 'from=2026-11-20&to=2026-11-22&grain=day&where=feature:dashboard'

  it('shows its days with its filters, with the same cells left out as for analysts, and nothing else', async () => {
    const guest = { 'headcount-view': (await share(wish)).json().key as string }
    for (const query of [
      inView,
      `${inView}&by=version`,
      'from=2026-11-21&to=2026-11-22&where=feature:dashboard&by=feature',
    ])
      assert.deepEqual((await usage(query, guest)).json(), (await usage(query, analyst)).json())
    for (const beyond of [
      'from=2026-11-20&to=2026-11-22&grain=day',
      'from=2026-11-20&to=2026-11-22&grain=day&where=feature:jobs',
      'from=2026-11-20&to=2026-11-22&grain=day&by=feature&where=feature!:dashboard',
      'from=2026-11-19&to=2026-11-22&grain=day&where=feature:dashboard',
      'from=2026-11-20&to=2026-11-23&grain=day&where=feature:dashboard',
      'from=2026-11-20T00:00:00Z&to=2026-11-22&grain=hour&where=feature:dashboard',
      'from=2026-11-16&to=2026-11-22&grain=week&where=feature:dashboard',
      'from=2026-11-01&to=2026-11-02&grain=month&where=feature:dashboard',
    ])
      assert.equal((await usage(beyond, guest)).statusCode, 403, beyond)
    for (const url of ['/api/v1/quality', '/api/v1/shares', '/api/v1/releases', '/api/v1/partners'])
      assert.ok([401, 403].includes((await fixture.reporting.app.inject({ url, headers: guest })).statusCode), url)
    const post = { method: 'POST', url: '/api/v1/annotations', headers: guest, payload: {} } as const
    assert.equal((await fixture.reporting.app.inject(post)).statusCode, 403)
    const model = await fixture.reporting.app.inject({ url: '/api/v1/dashboard', headers: guest })
    assert.deepEqual([model.json().role, model.json().view.title], ['guest', 'Dashboard'])
  })

  it('is of closed days only', async () => {
    const answer = await share({ ...wish, ranges: [{ from: '2026-11-20', to: '2026-11-23' }] })
    assert.equal(answer.statusCode, 409)
    assert.match(answer.json().detail, /^2026-11-22 still changes/)
    const future = await share({ ...wish, ranges: [{ from: '2026-11-20', to: '2026-11-30' }] })
    assert.equal(future.statusCode, 409)
    const compared = await share({ ...wish, ranges: [wish.ranges[0], { from: '2026-11-21', to: '2026-11-23' }] })
    assert.equal(compared.statusCode, 409)
  })

  it('ends when it is revoked, and at its end; keys are kept as hashes', async () => {
    const { id, key } = (await share(wish)).json()
    const { key: short } = (await share({ ...wish, days: 1 })).json()
    const status = async (one: string) => (await usage(inView, { 'headcount-view': one })).statusCode
    assert.deepEqual([await status(key), await status(short), await status('x')], [200, 200, 401])
    for await (const [name, value] of fixture.keyValue.scan('share/'))
      assert.ok(!name.includes(key) && !value.toString().includes(key))
    await fixture.reporting.app.inject({ method: 'DELETE', url: `/api/v1/shares/${id}`, headers: analyst })
    fixture.clock.advance(dayMs)
    assert.deepEqual([await status(key), await status(short)], [401, 401])
  })

  it('says what is wrong with a wish', async () => {
    const detail = async (change: object) => {
      const answer = await share({ ...wish, ...change })
      assert.equal(answer.statusCode, 400, JSON.stringify(change))
      return answer.json().detail as string
    }
    assert.match(await detail({ ranges: [] }), /ranges/)
    assert.match(await detail({ ranges: [{ from: '2026-11-20T01:00:00Z', to: '2026-11-22' }] }), /whole days/)
    assert.match(await detail({ ranges: [{ from: '2026-11-22', to: '2026-11-20' }] }), /before/)
    assert.match(await detail({ where: [{ dimension: 'nope', value: 'x' }] }), /dimension of the catalogue/)
    assert.match(await detail({ days: 1000 }), /365/)
    assert.match(await detail({ title: 'for jane.doe@example.com' }), /confidential/)
    assert.match(await detail({ title: 'a\nb' }), /one line/)
  })
})

describe('notes', () => {
  const fixture = new ReportingFixture()
  before(() => fixture.open())
  after(() => fixture.close())

  it('are listed by day, are short and say nothing confidential', async () => {
    const headers = { authorization: `Bearer ${tokens.analystToken}` }
    const add = (payload: object) =>
      fixture.reporting.app.inject({ method: 'POST', url: '/api/v1/annotations', headers, payload })
    for (const [day, text] of [
      ['2026-11-20', 'DC/OS 2.2 released'],
      ['2026-10-01', 'An incident'],
    ])
      assert.equal((await add({ day, text })).statusCode, 201)
    for (const wrong of [
      { day: '2026-02-30', text: 'x' },
      { day: 'today', text: 'x' },
      { day: '2026-11-20' },
      { day: '2026-11-20', text: ' ' },
      { day: '2026-11-20', text: 'x'.repeat(141) },
      { day: '2026-11-20', text: 'ask jane.doe@example.com' },
    ])
      assert.equal((await add(wrong)).statusCode, 400, JSON.stringify(wrong))
    const list = async () =>
      (await fixture.get('/api/v1/annotations')).json().annotations as { id: string; day: string }[]
    const notes = await list()
    assert.deepEqual(
      notes.map(({ day }) => day),
      ['2026-10-01', '2026-11-20'],
    )
    await fixture.reporting.app.inject({ method: 'DELETE', url: `/api/v1/annotations/${notes[0]?.id}`, headers })
    assert.equal((await list()).length, 1)
  })
})
