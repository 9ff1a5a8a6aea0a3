/** contact: "If you have any questions or concerns …" The public page shows the operator's contact and the policy. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { clauses } from '../../shared/policy/clauses.ts'
import { readPolicy } from '../../shared/policy/policy.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

let world: WholeInstallation
before(async () => {
  world = await WholeInstallation.start()
})
after(() => world.remove())

async function pages(): Promise<string[]> {
  const { collectorUrl, reportingUrl } = world.headcount
  return Promise.all(
    [collectorUrl, reportingUrl].map(async (url) => {
      const response = await fetch(`${url}/privacy`)
      assert.equal(response.status, 200)
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
      return response.text()
    }),
  )
}

/** As a reader has it: without tags and with entities resolved. */
function textOf(html: string): string {
  return html
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')
}

async function startWith(settings: Record<string, string>): Promise<void> {
  Object.assign(world.settings, settings)
  await world.restart()
}

test('without a contact of its own the page has the address that the policy names, and says whose it is not', async () => {
  for (const page of await pages()) {
    assert.ok(page.includes('<a href="mailto:support@mesosphere.io">'))
    assert.ok(textOf(page).includes('An address of whoever runs this installation has not been set here.'))
  }
})

test("with HEADCOUNT_CONTACT and HEADCOUNT_OPERATOR the page has the operator's, on both servers, without a sign-in", async () => {
  await startWith({ HEADCOUNT_CONTACT: 'privacy@example.com', HEADCOUNT_OPERATOR: 'Example <Ltd>' })
  for (const page of await pages()) {
    assert.ok(page.includes('<a href="mailto:privacy@example.com">privacy@example.com</a>'))
    assert.ok(textOf(page).includes('Ask Example <Ltd>: privacy@example.com .'))
    assert.ok(!page.includes('Example <Ltd>'), 'what the operator wrote is text, not HTML')
  }
})

test('the page has the whole policy, its version and its checksum, and every clause', async () => {
  const policy = readPolicy({ policy: '', policyMinimum: '0' })
  for (const page of await pages()) {
    const text = textOf(page)
    for (const line of policy.text.split('\n').filter((one) => one.trim() !== '')) {
      const words = line
        .replace(/^#+\s*/, '')
        .replace(/:$/, '')
        .replace(/\s+/g, ' ')
        .trim()
      assert.ok(text.includes(words), words)
    }
    assert.ok(text.includes(policy.sha256))
    for (const { id, says } of clauses) {
      assert.ok(page.includes(`id="clause-${id}"`), id)
      assert.ok(text.includes(says.replaceAll('`', '')), says)
    }
  }
  const { collectorUrl } = world.headcount
  assert.equal(await (await fetch(`${collectorUrl}/privacy/policy`)).text(), policy.source)
})

test('what programs get has the same, and nothing of either is a secret of the installation', async () => {
  const { collectorUrl, credentials } = world.headcount
  const response = await fetch(`${collectorUrl}/privacy.json`)
  const facts = (await response.json()) as { clauses: { id: string }[]; contact: object; settings: { name: string }[] }
  assert.deepEqual(
    facts.clauses.map(({ id }) => id),
    clauses.map(({ id }) => id),
  )
  assert.deepEqual(facts.contact, { address: 'privacy@example.com', isOperators: true })
  assert.ok(facts.settings.some(({ name }) => name === 'Cookie'))
  for (const told of [JSON.stringify(facts), ...(await pages())])
    for (const secret of [...Object.values(credentials), world.dir]) assert.ok(!told.includes(secret))
})

test('the page shows the settings that run: with the cookie off it says so', async () => {
  const isOn = (page: string) => textOf(page).includes('Here: the cookie is on and lives 180 days')
  assert.ok((await pages()).every(isOn))
  await startWith({ HEADCOUNT_COOKIE: 'off' })
  for (const page of await pages()) {
    assert.ok(!isOn(page))
    assert.ok(textOf(page).includes('Here: the cookie is off'))
  }
})
