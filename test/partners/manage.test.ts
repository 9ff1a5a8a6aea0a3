import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ReleaseAnswer } from '../../services/operator/release-requests.ts'
import { revokePartner } from '../../services/partners/partner-registry.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import { PartnerFixture, tokens, usageRows } from './partner-fixture.ts'

const partners = '/api/v1/partners'
const releases = '/api/v1/releases'

describe('what operators manage', () => {
  let answer: ReleaseAnswer = { state: 'pending' }
  const asked: string[] = []
  const fixture = new PartnerFixture({
    requestRelease: async (day) => {
      asked.push(day)
      return answer
    },
  })
  before(() => fixture.open())
  after(() => fixture.close())
  const post = (path: string, payload: object | string, token: string = tokens.adminToken) =>
    fixture.ask(path, token, { method: 'POST', payload })
  const wish = { name: 'ACME', datasets: ['usage'], purpose: 'planning', until: '2027-01-01' }

  it('a partner is added with a key that is shown once, works, and is in no later answer', async () => {
    const added = await post(partners, wish)
    assert.equal(added.statusCode, 201)
    const { partner, key, profile, state } = added.json()
    assert.equal(state, 'active')
    assert.equal(profile.bearerToken, key)
    assert.match(profile.endpoint, /^http:\/\/[^/]+\/partner\/v1\/delta\/$/)
    assert.equal((await fixture.ask('datasets', key)).statusCode, 200)
    const list = await fixture.ask(partners, tokens.adminToken)
    assert.match(list.body, new RegExp(partner))
    assert.doesNotMatch(list.body, /hcp_|keySha256|[0-9a-f]{64}/)
    const gone = await fixture.ask(`${partners}/${partner}`, tokens.adminToken, { method: 'DELETE' })
    assert.equal(gone.statusCode, 204)
    assert.equal((await fixture.ask(`${partners}/${partner}`, tokens.adminToken, { method: 'DELETE' })).statusCode, 204)
    assert.equal((await fixture.ask('datasets', key, { from: await fixture.another() })).statusCode, 401)
    assert.equal((await fixture.ask(partners, tokens.adminToken)).json().partners[0].state, 'revoked')
  })

  it('a wish that cannot be met is refused with what to mend', async () => {
    for (const [wrong, detail] of [
      [{ ...wish, datasets: ['internal'] }, /not a released dataset/],
      [{ ...wish, until: '2020-01-01' }, /not in the future/],
      [{ ...wish, name: '' }, /name is missing/],
      [{}, /missing/],
      ['[1]', /JSON object/],
      ['{', /JSON object/],
    ] as const) {
      const refused = await post(partners, wrong)
      assert.equal(refused.statusCode, 400)
      assert.match(refused.json().detail, detail)
    }
    assert.equal((await post(partners, { ...wish, purpose: 'x'.repeat(20_000) })).statusCode, 413)
    const nobody = await fixture.ask(`${partners}/partner-0`, tokens.adminToken, { method: 'DELETE' })
    assert.equal(nobody.json().type, 'urn:headcount:problem:no-such-partner')
  })

  it('a release is asked for: pending, published, or refused with the reason', async () => {
    const pending = await post(releases, { day: '2026-11-23' })
    assert.equal(pending.statusCode, 202)
    assert.match(String(pending.headers.location), /\/api\/v1\/releases\?day=2026-11-23$/)
    const sha256 = 'a'.repeat(64)
    answer = { state: 'published', releases: [{ dataset: 'usage', day: '2026-11-23', sha256, rows: 5 }] }
    const published = await post(releases, { day: '2026-11-23' })
    assert.equal(published.statusCode, 200)
    assert.equal(published.json().releases[0].sha256, sha256)
    answer = { state: 'refused', why: 'the budget of the day is spent' }
    const refused = await post(releases, { day: '2026-11-23' })
    assert.equal(refused.statusCode, 409)
    assert.equal(refused.json().detail, 'the budget of the day is spent')
    assert.deepEqual(asked, ['2026-11-23', '2026-11-23', '2026-11-23'])
    assert.equal((await post(releases, {})).statusCode, 400)
    assert.equal((await post(releases, { day: '2026-11-23' }, tokens.analystToken)).statusCode, 401)
    assert.equal(asked.length, 3)
  })

  it('releases are listed by day with the budget that was spent, to analysts too', async () => {
    await fixture.release('usage', '2026-11-22', usageRows, 'RESERVED')
    await fixture.release('usage', '2026-11-23', usageRows)
    const { budget, days, next } = (await fixture.ask(`${releases}?limit=1`, tokens.analystToken)).json()
    assert.equal(budget, '3/200')
    // Two datasets are released, so each has half of the day's.
    assert.deepEqual([days.length, days[0].day, days[0].spent, days[0].unsealed], [1, '2026-11-23', '3/400', false])
    assert.equal(days[0].releases[0].state, 'PUBLISHED')
    const second = (await fixture.ask(`${releases}?limit=1&cursor=${next}`, tokens.analystToken)).json()
    assert.deepEqual(
      [second.days[0].day, second.days[0].releases[0].state, second.next],
      ['2026-11-22', 'RESERVED', null],
    )
    const one = (await fixture.ask(`${releases}?day=2026-11-22`, tokens.adminToken)).json()
    assert.deepEqual(one.days, second.days)
  })
})

describe('a revocation between the door and the answer', () => {
  let meanwhile = async () => {}
  const fixture = new PartnerFixture({
    wrapLedger: (ledger): Ledger => ({
      state: () => ledger.state(),
      append: async (decide) => {
        await meanwhile()
        return ledger.append(decide)
      },
      entries: (...range) => ledger.entries(...range),
    }),
  })
  before(async () => {
    await fixture.open()
    await fixture.release('usage', '2026-11-23', usageRows)
  })
  after(() => fixture.close())

  it('is heeded: nothing is sent, and nothing recorded after it', async () => {
    const { key, partner } = await fixture.partner('ACME', ['usage'])
    const path = 'datasets/usage/releases/2026-11-23?format=csv'
    assert.equal((await fixture.ask(path, key)).statusCode, 200)
    meanwhile = () => revokePartner(fixture.ledger, partner)
    const answer = await fixture.ask(path, key)
    assert.equal(answer.statusCode, 401)
    assert.doesNotMatch(answer.body, /dashboard/)
    assert.equal((await fixture.reads()).length, 1)
  })
})
