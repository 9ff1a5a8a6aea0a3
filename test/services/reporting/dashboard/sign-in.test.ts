import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeSignIn, signInLink } from '../../../../services/reporting/dashboard/sign-in-links.ts'
import { dayMs } from '../../../../shared/window.ts'
import { ReportingFixture, tokens } from '../reporting-fixture.ts'

describe('signing in to the dashboard', () => {
  const fixture = new ReportingFixture()
  before(() => fixture.open())
  after(() => fixture.close())

  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, headers: Record<string, string>, payload?: object) =>
    fixture.reporting.app.inject({ method, url, headers, ...(payload && { payload }) })
  const signIn = (body: object, headers: Record<string, string> = {}) => ask('POST', '/api/v1/session', headers, body)
  const cookieOf = ({ headers }: { headers: Record<string, unknown> }) => String(headers['set-cookie']).split(';')[0]!
  const roleOf = async (cookie: string) => (await ask('GET', '/api/v1/session', { cookie })).json().role

  it('gives the role of the token, in a cookie that no script and no other site gets', async () => {
    for (const [token, role] of [
      [tokens.analystToken, 'analyst'],
      [tokens.adminToken, 'admin'],
    ] as const) {
      const answer = await signIn({ token })
      assert.equal(answer.json().role, role)
      assert.match(String(answer.headers['set-cookie']), /HttpOnly; SameSite=Strict$/)
      assert.equal(await roleOf(cookieOf(answer)), role)
    }
    for (const wrong of [{ token: 'x' }, { token: tokens.writeKey }, { link: 'x' }, {}, { token: 7 }])
      assert.equal((await signIn(wrong)).statusCode, 401)
    assert.equal(await roleOf(''), 'nobody')
  })

  it('takes a link once, of any number of tries at the same time, and for a day', async () => {
    const secret = await makeSignIn(fixture.keyValue, 'analyst')
    assert.match(signInLink('http://x', secret), /^http:\/\/x\/#sign-in=[\w-]{32}$/)
    const answers = await Promise.all(Array.from({ length: 8 }, () => signIn({ link: secret })))
    assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
    assert.equal((await signIn({ link: secret })).statusCode, 401)
    const old = await makeSignIn(fixture.keyValue, 'analyst')
    fixture.clock.advance(dayMs)
    assert.equal((await signIn({ link: old })).statusCode, 401)
  })

  it('keeps no secret of a link, and of a session nothing until it is signed out', async () => {
    const secret = await makeSignIn(fixture.keyValue, 'analyst')
    const stored: string[] = []
    for await (const [key, value] of fixture.keyValue.scan('')) stored.push(key, value.toString())
    assert.ok(stored.some((text) => text.startsWith('sign-in/')))
    assert.ok(!stored.some((text) => text.includes(secret)))
    await signIn({ link: secret })
    for await (const [key] of fixture.keyValue.scan('session')) assert.fail(key)
  })

  it('is over at the sign-out for whoever kept the cookie, and after 30 days', async () => {
    const cookie = cookieOf(await signIn({ token: tokens.analystToken }))
    const other = cookieOf(await signIn({ token: tokens.analystToken }))
    const out = await ask('DELETE', '/api/v1/session', { cookie })
    assert.match(String(out.headers['set-cookie']), /^headcount_session=; .*Max-Age=0/)
    assert.equal(await roleOf(cookie), 'nobody')
    assert.equal(await roleOf(other), 'analyst')
    fixture.clock.advance(30 * dayMs)
    assert.equal(await roleOf(other), 'nobody')
  })

  it('believes no cookie that it has not signed', async () => {
    const cookie = cookieOf(await signIn({ token: tokens.analystToken }))
    const forged = [
      cookie.replace('analyst', 'admin'),
      cookie.slice(0, -2),
      cookie.replace(/\.\d+\./, '.9999999999999.'),
    ]
    for (const one of [...forged, 'headcount_session=x', 'headcount_session=', `headcount_session=${'a'.repeat(9000)}`])
      assert.equal(await roleOf(one), 'nobody', one.slice(0, 80))
  })

  it('lets analysts ask for usage with the cookie, and write nothing from another page', async () => {
    const cookie = cookieOf(await signIn({ token: tokens.analystToken }))
    assert.equal((await ask('GET', '/api/v1/usage?dataset=usage', { cookie })).statusCode, 200)
    const note = { day: '2026-11-20', text: 'a release' }
    const from = (headers: Record<string, string>) => ask('POST', '/api/v1/annotations', { cookie, ...headers }, note)
    assert.equal((await from({})).statusCode, 201)
    assert.equal((await from({ 'sec-fetch-site': 'same-origin', origin: 'http://localhost:80' })).statusCode, 201)
    for (const elsewhere of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'http://x' },
    ])
      assert.equal((await from(elsewhere)).statusCode, 403)
    assert.equal((await signIn({ token: tokens.adminToken }, { origin: 'https://elsewhere.example' })).statusCode, 403)
    // The admin's cookie is not the admin token: partners are managed with that.
    const admin = cookieOf(await signIn({ token: tokens.adminToken }))
    assert.equal((await ask('GET', '/api/v1/partners', { cookie: admin })).statusCode, 401)
  })

  it('lets nobody try for ever', async () => {
    const answers: number[] = []
    for (let at = 0; at < 130; at++) answers.push((await signIn({ token: `guess-${at}` })).statusCode)
    assert.ok(answers.includes(429))
    fixture.clock.advance(60_000)
    assert.equal((await signIn({ token: tokens.analystToken })).statusCode, 200)
  })
})
