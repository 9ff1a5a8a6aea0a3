/** Who reads releases, as the dashboard tells it: names to admins, numbers to analysts, keys to nobody. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { revokePartner } from '../../../../services/partners/partner-registry.ts'
import type { PartnerAccess } from '../../../../services/reporting/dashboard/page-answers.ts'
import { PartnerFixture, tokens, usageRows } from '../../../partners/partner-fixture.ts'

const day = '2026-11-23'
const fixture = new PartnerFixture({})
let key = ''
let partner = ''
before(async () => {
  await fixture.open()
  await fixture.release('usage', day, usageRows)
  ;({ key, partner } = await fixture.partner('Example Research', ['usage']))
  await fixture.partner('Expired', ['usage'], '2026-11-25T10:16:00Z')
  await revokePartner(fixture.ledger, (await fixture.partner('Revoked', ['usage'])).partner)
  fixture.clock.advance(60_000)
})
after(() => fixture.close())

async function asked(token: string): Promise<{ answer: PartnerAccess; body: string }> {
  const { statusCode, body } = await fixture.ask('/api/v1/partner-access', token)
  assert.equal(statusCode, 200, body)
  return { answer: JSON.parse(body) as PartnerAccess, body }
}

test('an admin sees each partner, and when it last read what', async () => {
  const before = (await asked(tokens.adminToken)).answer
  assert.deepEqual(
    before.partners?.map(({ name, state, reads, lastRead }) => [name, state, reads, lastRead]),
    [
      ['Example Research', 'active', 0, null],
      ['Expired', 'expired', 0, null],
      ['Revoked', 'revoked', 0, null],
    ],
  )
  // What is read of the ledger is kept for a second.
  fixture.clock.advance(2000)
  const read = await fixture.ask(`/partner/v1/datasets/usage/releases/${day}?format=csv`, key)
  assert.equal(read.statusCode, 200)
  fixture.clock.advance(2000)
  const [first] = (await asked(tokens.adminToken)).answer.partners ?? []
  assert.deepEqual([first?.partner, first?.reads, first?.datasets], [partner, 1, ['usage']])
  assert.match(first?.lastRead ?? '', /^2026-/)
})

test('an analyst sees how many there are; nobody sees a key, or its hash', async () => {
  const analyst = await asked(tokens.analystToken)
  assert.deepEqual(analyst.answer, { counts: { active: 1, expired: 1, revoked: 1 } })
  const admin = await asked(tokens.adminToken)
  assert.ok(admin.body.includes('Example Research'), 'the control')
  for (const { body } of [analyst, admin])
    for (const secret of [key, createHash('sha256').update(key).digest('hex')]) assert.ok(!body.includes(secret))
})
