import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  addPartner,
  authenticate,
  listPartners,
  PartnerError,
  type PartnerWish,
  revokePartner,
} from '../../../services/partners/partner-registry.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { memoryLedger } from '../../doubles/memory-ledger.ts'

const known = new Set(['feature_usage', 'downloads'])
const wish = { name: 'Example Ltd', datasets: ['downloads'], purpose: 'capacity', until: '2027-06-30' }

function openRegistry() {
  const clock = new ManualClock('2026-11-24T10:00:00Z')
  return { ...memoryLedger(clock), clock }
}

describe('the partner registry', () => {
  it('gives a key that is the partner’s until its end, to the millisecond', async () => {
    const { ledger, clock } = openRegistry()
    const { partner, key, until } = await addPartner(ledger, clock, wish, known)
    assert.match(key, /^hcp_[A-Za-z0-9_-]{43}$/)
    assert.equal(until, '2027-06-30T00:00:00.000Z')
    const state = await ledger.state()
    const authenticated = authenticate(state, key, clock.now())
    assert.ok(authenticated.outcome === 'ok' && authenticated.partner.partner === partner)
    assert.deepEqual([...authenticated.partner.datasets], ['downloads'])
    assert.equal(authenticate(state, key, Date.parse(until) - 1).outcome, 'ok')
    assert.deepEqual(authenticate(state, key, Date.parse(until)), { outcome: 'expired' })
    assert.deepEqual(authenticate(state, key, Number.NaN), { outcome: 'expired' })
  })

  it('keeps the key’s SHA-256 and nothing else of it', async () => {
    const { ledger, events, clock } = openRegistry()
    const { key } = await addPartner(ledger, clock, wish, known)
    const text = JSON.stringify(events)
    assert.ok(text.includes(createHash('sha256').update(key).digest('hex')))
    const found = (part: string, where: string) => where.includes(part)
    for (const part of [key, key.slice(4), key.slice(4, 16), key.slice(-12)]) {
      assert.ok(!found(part, text))
      // The search itself: it finds what is there.
      assert.ok(found(part, `${text}${key}`))
    }
  })

  it('knows no other key, however near', async () => {
    const { ledger, clock } = openRegistry()
    const { key, partner } = await addPartner(ledger, clock, wish, known)
    const state = await ledger.state()
    const hash = createHash('sha256').update(key).digest('hex')
    for (const other of ['', key.slice(0, -1), `${key} `, key.slice(4), hash, partner, 'x'.repeat(100_000)])
      assert.deepEqual(authenticate(state, other, clock.now()), { outcome: 'unknown' })
  })

  it('revokes at once and for good; again is no fault, of nobody is', async () => {
    const { ledger, events, clock } = openRegistry()
    const first = await addPartner(ledger, clock, wish, known)
    const second = await addPartner(ledger, clock, wish, known)
    assert.notEqual(first.key, second.key)
    await revokePartner(ledger, first.partner)
    await revokePartner(ledger, first.partner)
    assert.equal(events.length, 3)
    const state = await ledger.state()
    assert.deepEqual(authenticate(state, first.key, clock.now()), { outcome: 'revoked' })
    // Revoked is said also when it would have ended since.
    assert.deepEqual(authenticate(state, first.key, Date.parse('2030-01-01')), { outcome: 'revoked' })
    assert.equal(authenticate(state, second.key, clock.now()).outcome, 'ok')
    assert.deepEqual(
      (await listPartners(ledger)).map(({ partner, revokedAt }) => [partner, revokedAt !== undefined]),
      [
        [first.partner, true],
        [second.partner, false],
      ],
    )
    await assert.rejects(
      revokePartner(ledger, 'partner-none'),
      (error) => error instanceof PartnerError && /partner list/.test(error.message),
    )
  })

  const refused: [Partial<Record<keyof PartnerWish, unknown>>, RegExp][] = [
    [{ name: '' }, /name is missing/],
    [{ name: '   ' }, /name is missing/],
    [{ name: 7 }, /name is missing/],
    [{ name: 'x'.repeat(101) }, /101 characters; at most 100/],
    [{ name: 'a\nb' }, /cannot be printed/],
    [{ name: 'a\u202eb' }, /cannot be printed/],
    [{ name: 'a\ud800b' }, /cannot be printed/],
    [{ purpose: '' }, /purpose is missing/],
    [{ purpose: 'x'.repeat(501) }, /at most 500/],
    [{ purpose: 'as agreed with jane@example.org' }, /purpose has what looks like an email address.*public/],
    [{ name: '+1 415 555 0100' }, /name has what looks like a telephone number/],
    [{ datasets: [] }, /datasets are missing.*feature_usage, downloads/],
    [{ datasets: 'downloads' }, /datasets are missing/],
    [{ datasets: ['secret'] }, /"secret" is not a released dataset.*feature_usage, downloads/],
    [{ datasets: ['downloads', null] }, /"null" is not/],
    [{ until: undefined }, /is no time; give it as/],
    [{ until: '2027-02-30' }, /is no time/],
    [{ until: 'tomorrow' }, /is no time/],
    [{ until: '2026-11-24' }, /not in the future/],
    [{ until: '2026-11-24T10:00:00Z' }, /not in the future/],
    [{ until: '2031-11-25' }, /more than 5 years away; give one up to 2031-11-24/],
  ]
  for (const [change, text] of refused) {
    it(`refuses ${JSON.stringify(change).slice(0, 40)} and says what to do`, async () => {
      const { ledger, events, clock } = openRegistry()
      const bad = { ...wish, ...change } as PartnerWish
      await assert.rejects(
        addPartner(ledger, clock, bad, known),
        (error) => error instanceof PartnerError && text.test(error.message),
      )
      assert.deepEqual(events, [])
    })
  }

  it('refuses what is no wish at all', async () => {
    const { ledger, clock } = openRegistry()
    for (const nothing of [null, undefined, 'x', []])
      await assert.rejects(addPartner(ledger, clock, nothing as unknown as PartnerWish, known), PartnerError)
  })

  it('takes the longest there may be, each dataset once', async () => {
    const { ledger, clock } = openRegistry()
    const longest = {
      ...{ name: ` ${'𝒳'.repeat(100)} `, purpose: 'é'.repeat(500), until: '2031-11-24T10:00:00Z' },
      datasets: ['downloads', 'feature_usage', 'downloads'],
    }
    await addPartner(ledger, clock, longest, known)
    const [partner] = await listPartners(ledger)
    assert.equal(partner?.name, '𝒳'.repeat(100))
    assert.deepEqual([...(partner?.datasets ?? [])], ['downloads', 'feature_usage'])
  })
})
