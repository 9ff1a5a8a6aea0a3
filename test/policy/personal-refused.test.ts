/**
 * personal-refused: names, email addresses, telephone numbers and credentials of other services are no part of what is
 * collected. They are sent wherever a sender can put them, and then nothing has them: the raw log neither.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { createNodeKey } from '../../services/collector/privacy/node-key.ts'
import type { Held } from '../../services/collector/privacy/what-is-held.ts'
import { askEverything } from '../privacy/answers.ts'
import { type Canary, makeCanary, needlesOf } from '../privacy/canary.ts'
import { NeedleSearch } from '../privacy/needle-search.ts'
import { type Finding, rawLogFolder, scanBytes, scanFiles, scanRawLog, scanRows } from '../privacy/scan.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

const email = (core: string) => `jane.${core}@example.org`
const personal = {
  email: makeCanary('email', email),
  name: makeCanary('name', (core) => `Jane ${core}`),
  username: makeCanary('user name', (core) => `jane-${core}`),
  phone: makeCanary('phone', (core) => `+44 20 7946 ${core}`),
  password: makeCanary('password'),
  credential: makeCanary('token of another service', (core) => `ghp_${core}`),
  card: makeCanary('payment', (core) => `4111 1111 ${core}`),
  photo: makeCanary('picture', (core) => `https://example.org/${core}.png`),
}
/** Identifiers that are somebody's address, number or name. */
const identifiers = {
  userId: makeCanary('email as userId', email),
  device: makeCanary('email as device', email),
  cookie: makeCanary('name as cookie', (core) => `Jane ${core}`),
  cluster: makeCanary('email as cluster', email),
}
const declared = makeCanary('declared value')
const fields = Object.fromEntries(Object.entries(personal).map(([name, { value }]) => [name, value]))

let world: WholeInstallation
let search: NeedleSearch
const all: Canary[] = [...Object.values(personal), ...Object.values(identifiers)]

before(async () => {
  world = await WholeInstallation.start()
  search = new NeedleSearch(all.flatMap(needlesOf))
  await sendNative()
  await sendSegment()
  await world.settle()
})
after(() => world.remove())

let ids = 0
const time = () => new Date(world.clock.now()).toISOString()
const eventOf = (members: object) => ({ id: `e-${ids++}`, time: time(), feature: 'services', ...members })

async function post(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  const { collectorUrl, credentials } = world.headcount
  return fetch(collectorUrl + url, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.writeKey}`, ...headers },
    body: JSON.stringify(body),
  })
}

async function sendNative(): Promise<void> {
  const nested = { user: fields, credentials: [fields, { oauth: { token: personal.credential.value } }] }
  const events = [
    eventOf({ device: 'd-1', version: '1.13', ...fields }),
    eventOf({ device: 'd-1', version: '1.13', ...nested }),
    eventOf({ device: 'd-1', version: '1.13', [personal.email.value]: personal.name.value }),
    eventOf({ device: identifiers.device.value, version: '1.13' }),
    eventOf({ cookie: identifiers.cookie.value, version: '1.13' }),
    eventOf({ device: 'd-1', feature: 'mesos_track', cluster: identifiers.cluster.value, agents: 3 }),
  ]
  const response = await post(
    `/v1/events?email=${personal.email.value}`,
    { events, ...fields },
    {
      cookie: `session=${personal.credential.value}; name=${personal.username.value}`,
      'x-api-key': personal.credential.value,
      'x-forwarded-user': personal.username.value,
      referer: `https://example.org/?mail=${personal.email.value}`,
    },
  )
  assert.deepEqual(await response.json(), { accepted: 6, rejected: [] })
}

async function sendSegment(): Promise<void> {
  const about = {
    traits: { ...fields, address: { street: personal.name.value }, age: 40 },
    context: {
      traits: fields,
      device: fields,
      page: { referrer: personal.photo.value },
      app: { name: personal.name.value },
    },
    integrations: { Salesforce: { apiKey: personal.credential.value, password: personal.password.value } },
  }
  const track = { type: 'track', event: 'jobs', userId: 'u-1', properties: { ...fields, version: '1.13' }, ...about }
  const items = [
    { type: 'identify', userId: identifiers.userId.value, ...about },
    { type: 'group', userId: identifiers.userId.value, groupId: personal.name.value, ...about },
    { type: 'alias', userId: identifiers.userId.value, previousId: personal.email.value },
    track,
    { ...track, userId: identifiers.userId.value },
    { ...track, userId: identifiers.userId.value },
  ]
  assert.equal((await post('/v1/batch', { batch: items, ...about })).status, 200)
  for (const item of items.slice(0, 4)) assert.equal((await post(`/v1/${item.type}`, item)).status, 200)
}

async function everywhere(found: NeedleSearch): Promise<Finding[]> {
  const answers = await askEverything(world.headcount, world.clock.now(), ['day'])
  return [
    ...(await scanFiles(found, world.dir)),
    ...(await scanRawLog(found, path.join(world.dir, rawLogFolder))),
    ...(await scanRows(found, world.headcount.engines)),
    ...scanBytes(found, 'log lines', world.lines.join('\n')),
    ...scanBytes(found, 'metrics', await world.headcount.metrics.registry.metrics()),
    ...answers.flatMap(({ where, text }) => scanBytes(found, where, text)),
  ]
}

test('nothing personal is in a file, a row, a log line, a metric or an answer, nor in the raw log', async () => {
  assert.deepEqual(await everywhere(search), [])
})

test('the control: a declared field of the same event is found, and so is an identifier that is nobody’s name', async () => {
  await post('/v1/events', { events: [eventOf({ device: 'd-2', version: declared.value, ...fields })] })
  for (const text of [declared, { ...declared, kind: 'device', value: 'd-2', core: '"device","d-2"' }]) {
    const found = await scanFiles(new NeedleSearch(needlesOf(text)), world.dir)
    assert.ok(
      found.some(({ where }) => where.includes(rawLogFolder)),
      text.kind,
    )
  }
})

test('the events with them were counted all the same, each sender once', async () => {
  const { reportingUrl, credentials } = world.headcount
  const of = async (feature: string) => {
    const query = `dataset=feature_usage&metrics=events,devices&from=2026-11-20&where=feature:${feature}`
    const response = await fetch(`${reportingUrl}/api/v1/usage?${query}`, {
      headers: { authorization: `Bearer ${credentials.analystToken}` },
    })
    return ((await response.json()) as { rows: unknown[][] }).rows.map(([, events, devices]) => [events, devices])
  }
  await world.settle()
  // Of d-1 three, of d-2, of the address as device, of the name as cookie.
  assert.deepEqual(await of('services'), [[6, 4]])
  // Of u-1 and of the address as userId; the same item again is the same event.
  assert.deepEqual(await of('jobs'), [[2, 2]])
})

test('who has chosen under such an identifier is heeded, and sees what is held under it', async () => {
  const device = 'john.doe@example.org'
  const { adminToken } = world.headcount.credentials
  const headers = { authorization: `Bearer ${createNodeKey({ choiceKey: '', adminToken })(device)}` }
  const accepted = async () => {
    const response = await post('/v1/events', { events: [eventOf({ device })] })
    return ((await response.json()) as { accepted: number }).accepted
  }
  assert.equal(await accepted(), 1)
  const url = `${world.headcount.collectorUrl}/v1/privacy/access?device=${encodeURIComponent(device)}`
  const { records } = (await (await fetch(url, { headers })).json()) as Held
  assert.equal(records.length, 1)
  assert.equal((await post('/v1/privacy/choice', { choice: 'opt-out', device }, headers)).status, 200)
  assert.equal(await accepted(), 0)
  assert.equal((await post('/v1/privacy/choice', { choice: 'opt-in', device }, headers)).status, 200)
  world.clock.advance(1000)
  assert.equal(await accepted(), 1)
})
