/**
 * policy-change: "we may need to change this Privacy Policy … we will alert you to changes … If you use [it] after any
 * changes … that means you agree." A version bump, run: two versions of a policy, one after the other, on one installation.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { until } from '../fixtures/until.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

let world: WholeInstallation
const policyText = (version: string, notice: string) =>
  `---\ntitle: Our policy\nversion: "${version}"\nsince: 2026-11-20\nnotice: ${notice}\n---\n\n# Words\n\nWe count heads.\n`

before(async () => {
  world = await WholeInstallation.start()
  await world.headcount.worker.maintain()
})
after(() => world.remove())

/** Starts the same installation anew, with another policy. */
async function bumpTo(version: string, minimum: string, text = policyText(version, `What is new in ${version}`)) {
  const file = path.join(world.dir, 'policy.txt')
  await writeFile(file, text)
  world.settings.HEADCOUNT_POLICY = file
  world.settings.HEADCOUNT_POLICY_MINIMUM = minimum
  await world.restart()
  await world.headcount.worker.maintain()
  return createHash('sha256').update(text).digest('hex')
}

async function told() {
  const response = await fetch(`${world.headcount.collectorUrl}/v1/policy`)
  assert.equal(response.status, 200)
  return (await response.json()) as Record<string, string>
}

let ids = 0
async function send(...agreed: unknown[]) {
  const { collectorUrl, credentials } = world.headcount
  const events = agreed.map((policy) => ({
    id: `e-${ids++}`,
    time: new Date(world.clock.now()).toISOString(),
    feature: 'services',
    device: 'd',
    ...(policy !== undefined && { policy }),
  }))
  const response = await fetch(`${collectorUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.writeKey}` },
    body: JSON.stringify({ events }),
  })
  const { accepted, rejected } = (await response.json()) as { accepted: number; rejected: { reason: string }[] }
  return { version: response.headers.get('headcount-policy'), accepted, rejected: rejected.map(({ reason }) => reason) }
}

const adopted = async () => (await world.headcount.ledger.state()).policies()

test('the policy of DC/OS is version 1; every answer says so, and any agreement will do', async () => {
  const { version, minimum, title } = await told()
  assert.deepEqual([version, minimum, title], ['1', '0', 'Mesosphere DCOS Community Edition Privacy Policy'])
  assert.deepEqual(await send(undefined, '1', '0.9', 'nothing that can be read', 7), {
    version: '1',
    accepted: 5,
    rejected: [],
  })
  const { collectorUrl } = world.headcount
  for (const [method, where] of [
    ['GET', '/v1/catalogue'],
    ['GET', '/nothing'],
    ['POST', '/v1/events'],
    ['POST', '/v1/batch'],
  ]) {
    const { headers } = await fetch(`${collectorUrl}${where}`, { method: method! })
    assert.equal(headers.get('headcount-policy'), '1', `${method} ${where}`)
  }
})

test('a version bump: senders hear of it, its notice and its text; who agreed to the old one is still taken', async () => {
  const sha256 = await bumpTo('2', '0')
  const { text: where, ...rest } = await told()
  assert.deepEqual(rest, {
    version: '2',
    since: '2026-11-20',
    minimum: '0',
    title: 'Our policy',
    notice: 'What is new in 2',
    sha256,
  })
  assert.ok(where?.startsWith('/'))
  assert.deepEqual(await send('1', '2', undefined), { version: '2', accepted: 3, rejected: [] })
})

test('once the minimum is raised, events that name an older version are refused, each by itself; the others are kept', async () => {
  await bumpTo('2', '2')
  assert.deepEqual(await send('1', '2', undefined, '2.1', '10', '1.9', 'two', 2), {
    version: '2',
    accepted: 4,
    rejected: ['policy-too-old', 'policy-too-old', 'policy-too-old', 'policy-too-old'],
  })
  // Alike but for the id, as most senders write them: the quick way in must refuse them too.
  assert.deepEqual((await send('1', '1', '1')).rejected.length, 3)
  assert.deepEqual(await send('2', '2', '2'), { version: '2', accepted: 3, rejected: [] })
})

test("what is refused is not counted, also of Segment's dialect", async () => {
  const { collectorUrl, reportingUrl, credentials } = world.headcount
  const batch = ['1', '2'].map((policy) => ({
    type: 'track',
    event: 'jobs',
    anonymousId: 'd',
    messageId: `m-${policy}`,
    properties: { policy },
  }))
  const response = await fetch(`${collectorUrl}/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${credentials.writeKey}:`)}` },
    body: JSON.stringify({ batch }),
  })
  assert.equal(response.status, 200)
  await world.settle()
  const usage = await fetch(
    `${reportingUrl}/api/v1/usage?dataset=feature_usage&metrics=events&by=feature&from=2026-11-20&grain=day`,
    { headers: { authorization: `Bearer ${credentials.analystToken}` } },
  )
  const { rows } = (await usage.json()) as { rows: [string, string, number][] }
  const counted = Object.fromEntries(rows.map(([, feature, events]) => [feature, events]))
  assert.deepEqual(counted, { services: 5 + 3 + 4 + 3, jobs: 1 })
})

test('the ledger has each version and each minimum once, across restarts', async () => {
  await world.restart()
  await world.headcount.worker.maintain()
  assert.deepEqual(
    (await adopted()).map(({ version, minimum }) => [version, minimum]),
    [
      ['1', '0'],
      ['2', '0'],
      ['2', '2'],
    ],
  )
})

test('a version that is older than the last, or another text under the same version, is not adopted and is told', async () => {
  const before = (await adopted()).length
  await bumpTo('1.5', '0')
  await bumpTo('2', '2', policyText('2', 'Quietly changed'))
  assert.equal((await adopted()).length, before)
  await until(() => world.lines.some((line) => line.includes('give the changed text a newer version')))
  assert.ok(world.lines.some((line) => line.includes('2 was adopted before')))
})

test('a minimum newer than the policy, and a policy without a version, stop the start with what to mend', async () => {
  await assert.rejects(bumpTo('2', '3'), /HEADCOUNT_POLICY_MINIMUM is "3", newer than the policy itself/)
  await assert.rejects(bumpTo('3', '3', '# Just text'), /it must begin with `---`/)
  await assert.rejects(bumpTo('3', '3', policyText('next', 'x')), /`version` must be like "2"/)
  await bumpTo('3', '3')
  assert.deepEqual(await send('2', '3'), { version: '3', accepted: 1, rejected: ['policy-too-old'] })
})
