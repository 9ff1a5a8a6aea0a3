/** opt-out: "You can always opt not to disclose information to us." */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { makeCanary, needlesOf } from '../privacy/canary.ts'
import { NeedleSearch } from '../privacy/needle-search.ts'
import { scanBytes, scanFiles, scanRows } from '../privacy/scan.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

let world: WholeInstallation
before(async () => {
  world = await WholeInstallation.start()
})
after(() => world.remove())

let ids = 0
const eventOf = (device?: string) => ({
  id: `e-${ids++}`,
  time: new Date(world.clock.now()).toISOString(),
  feature: 'services',
  ...(device !== undefined && { device }),
})

async function send(events: object[], headers: Record<string, string> = {}) {
  const { collectorUrl, credentials } = world.headcount
  const response = await fetch(`${collectorUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.writeKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ events }),
  })
  assert.equal(response.status, 200)
  return (await response.json()) as { accepted: number; rejected: object[] }
}

const choose = (body: object, headers: Record<string, string> = {}) =>
  fetch(`${world.headcount.collectorUrl}/v1/privacy/choice`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.headcount.credentials.writeKey}`, ...headers },
    body: JSON.stringify(body),
  })

async function eventsToday(): Promise<number> {
  const { reportingUrl, credentials } = world.headcount
  const response = await fetch(`${reportingUrl}/api/v1/usage?dataset=feature_usage&metrics=events&from=2026-11-20`, {
    headers: { authorization: `Bearer ${credentials.analystToken}` },
  })
  const { rows } = (await response.json()) as { rows: [string, number][] }
  return rows.reduce((sum, [, events]) => sum + events, 0)
}

async function declined(): Promise<number> {
  const text = await world.headcount.metrics.registry.metrics()
  return Number(/^headcount_events_declined_total\{signal="opt-out"\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

test('an opted-out device that sends 10,000 events leaves nothing but a total', async () => {
  const device = makeCanary('opted-out device')
  const search = new NeedleSearch(needlesOf(device))
  const places = async () => [
    ...(await scanFiles(search, world.dir)),
    ...(await scanRows(search, world.headcount.engines)),
    ...scanBytes(search, 'log lines', world.lines.join('\n')),
    ...scanBytes(search, 'metrics', await world.headcount.metrics.registry.metrics()),
  ]
  assert.equal((await choose({ choice: 'opt-out', device: device.value })).status, 200)
  const before = await eventsToday()
  for (let batch = 0; batch < 100; batch++) {
    const answer = await send(Array.from({ length: 100 }, () => eventOf(device.value)))
    assert.deepEqual(answer, { accepted: 0, rejected: [] })
  }
  await world.settle()
  assert.equal(await declined(), 10_000)
  assert.equal(await eventsToday(), before)
  assert.deepEqual(await places(), [])
  // The control: the same scan finds the device once it has opted in, in the raw log where it may be.
  assert.equal((await choose({ choice: 'opt-in', device: device.value })).status, 200)
  world.clock.advance(1000)
  await send([eventOf(device.value)])
  assert.notDeepEqual(await places(), [])
  await world.settle()
  assert.equal(await eventsToday(), before + 1)
})

test('opting out in a burst loses none of the others, and counts none after the acknowledgement', async () => {
  const before = await eventsToday()
  let others = 0
  let acknowledged = false
  let takenAfter = 0
  let takenBefore = 0
  const sendOthers = async (name: number) => {
    for (let round = 0; round < 40; round++) {
      const { accepted } = await send([eventOf(`other-${name}`)])
      others += accepted
    }
  }
  const sendOwn = async () => {
    for (let round = 0; round < 60; round++) {
      const isLate = acknowledged
      const { accepted } = await send([eventOf('in-a-burst'), eventOf('other-beside')])
      others += 1
      if (isLate) takenAfter += accepted - 1
      else takenBefore += accepted - 1
    }
  }
  const optOut = async () => {
    while (others < 60) await new Promise((resolve) => setTimeout(resolve, 1))
    assert.equal((await choose({ choice: 'opt-out', node: 'in-a-burst' })).status, 200)
    acknowledged = true
    await world.settle()
    return eventsToday()
  }
  await Promise.all([sendOthers(1), sendOthers(2), sendOthers(3), sendOwn(), sendOwn(), optOut()])
  await world.settle()
  assert.ok(takenBefore > 0 && others === 120 + 120, 'the burst was one')
  assert.equal(takenAfter, 0)
  const own = (await eventsToday()) - before - others
  assert.ok(own >= 0 && own <= takenBefore, `${own} of ${takenBefore} events from before the opt-out`)
})

test('a browser opts out by its own cookie, gets the cookie without a value of its own, and needs no key', async () => {
  const response = await choose({ choice: 'opt-out' }, { authorization: '', cookie: `headcount=${'a'.repeat(22)}` })
  assert.equal(response.status, 200)
  const cookies = response.headers.getSetCookie()
  assert.ok(cookies.some((one) => one.startsWith('headcount_choice=opt-out;')))
  assert.ok(cookies.some((one) => one.startsWith('headcount=;') && one.includes('Max-Age=0')))
  assert.deepEqual(await send([eventOf()], { cookie: `headcount=${'a'.repeat(22)}` }), { accepted: 0, rejected: [] })
  assert.deepEqual(await send([eventOf()], { cookie: 'headcount_choice=opt-out' }), { accepted: 0, rejected: [] })
  assert.equal((await send([eventOf()], { cookie: `headcount=${'b'.repeat(22)}` })).accepted, 1)
})

for (const header of ['sec-gpc', 'dnt'])
  test(`${header}: 1 is honoured before anything is written`, async () => {
    assert.deepEqual(await send([eventOf('d')], { [header]: '1' }), { accepted: 0, rejected: [] })
    assert.equal((await send([eventOf('d')], { [header]: '0' })).accepted, 1)
  })

test('an opt-out outlives a restart and the loss of the key-value store', async () => {
  assert.equal((await choose({ choice: 'opt-out', device: 'remembered' })).status, 200)
  await world.restart()
  for await (const [key] of world.headcount.engines.keyValue.scan(''))
    assert.ok(!key.startsWith('choice'), 'choices are not kept there')
  assert.deepEqual(await send([eventOf('remembered')]), { accepted: 0, rejected: [] })
})

test('what only its owner chose, the write key does not undo; a page of another site chooses nothing', async () => {
  const cookie = 'c'.repeat(22)
  await choose({ choice: 'opt-out' }, { authorization: '', cookie: `headcount=${cookie}` })
  assert.equal((await choose({ choice: 'opt-in', cookie })).status, 403)
  const foreign = { authorization: '', cookie: `headcount=${cookie}`, 'sec-fetch-site': 'cross-site' }
  assert.equal((await choose({ choice: 'opt-in' }, foreign)).status, 403)
  assert.deepEqual(await send([eventOf()], { cookie: `headcount=${cookie}` }), { accepted: 0, rejected: [] })
  assert.equal((await choose({ choice: 'opt-in' }, { authorization: '', cookie: `headcount=${cookie}` })).status, 200)
  world.clock.advance(1000)
  assert.equal((await send([eventOf()], { cookie: `headcount=${cookie}` })).accepted, 1)
})

test('what cannot be read, and what nobody may ask, is refused with what to do', async () => {
  assert.equal((await choose({ choice: 'maybe', device: 'd' })).status, 400)
  assert.equal((await choose({ choice: 'opt-out', device: 'd', cookie: 'c' })).status, 400)
  assert.equal((await choose({ choice: 'opt-out', device: 'd' }, { authorization: 'Bearer nothing' })).status, 403)
})
