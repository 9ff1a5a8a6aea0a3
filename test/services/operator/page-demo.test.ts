/** Where the dashboard's demo is refused, and that a process which ends does not wait for it. That it runs: test/browser/. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addPartner } from '../../../services/partners/partner-registry.ts'
import { WholeInstallation } from '../../privacy/whole-installation.ts'

let whole: WholeInstallation
before(async () => {
  whole = await WholeInstallation.start()
})
after(() => whole.remove())

async function demo(method: 'GET' | 'POST'): Promise<{ status: number; answer: Record<string, unknown> }> {
  const { reportingUrl, credentials } = whole.headcount
  const headers = { authorization: `Bearer ${credentials.adminToken}` }
  const response = await fetch(`${reportingUrl}/api/v1/demo`, { method, headers })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}

test('a process that ends does not wait for it; the next one knows that it was here, and runs none', async () => {
  assert.equal((await demo('GET')).answer.state, 'none')
  // The clock of this installation stands still, so it would wait for its counts for a minute.
  assert.equal((await demo('POST')).status, 202)
  assert.equal((await demo('GET')).answer.state, 'running')
  assert.match(String((await demo('POST')).answer.detail), /runs already/)
  const since = performance.now()
  await whole.restart()
  assert.ok(performance.now() - since < 30_000)
  const { state, begun } = (await demo('GET')).answer
  assert.deepEqual([state, begun], ['done', '2026-11-20T12:00:30.000Z'])
  const again = await demo('POST')
  assert.deepEqual([again.status, /has run here before/.test(String(again.answer.detail))], [409, true])
})

test('it is refused where events have been counted, and where there are partners', async () => {
  await whole.remove()
  whole = await WholeInstallation.start()
  const { collectorUrl, credentials, ledger } = whole.headcount
  const event = { id: 'a', time: new Date(whole.clock.now()).toISOString(), feature: 'dashboard', device: 'one' }
  await fetch(`${collectorUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.writeKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events: [event] }),
  })
  await whole.settle()
  assert.match(String((await demo('POST')).answer.detail), /^Events have been counted here already/)
  const wish = { name: 'Example', datasets: ['feature_usage'], purpose: 'test', until: '2027-01-01' }
  await addPartner(ledger, whole.clock, wish, new Set(wish.datasets))
  assert.match(String((await demo('POST')).answer.detail), /^There are partners/)
  assert.equal((await demo('GET')).answer.state, 'none', 'nothing was begun')
})
