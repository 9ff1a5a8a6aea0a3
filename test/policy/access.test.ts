/** access: "What can I access …" A subject sees what is held under its identifier, and nobody else does. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fastify } from 'fastify'
import { createNodeKey } from '../../services/collector/privacy/node-key.ts'
import { type Held, WhatIsHeld } from '../../services/collector/privacy/what-is-held.ts'
import { ManualClock } from '../../shared/clock.ts'
import { encodeRecord } from '../../shared/event.ts'
import { deletionMs, rawGoneMs } from '../../shared/retention/limits.ts'
import { memoryChoiceBook } from '../doubles/memory-choice-log.ts'
import { MemoryEventLog } from '../doubles/memory-event-log.ts'
import { recordOf } from '../fixtures/installation.ts'
import { startTime, WholeInstallation } from '../privacy/whole-installation.ts'
import { adminToken, startCollector, writeKey } from '../services/collector/running-collector.ts'
import { tellApart } from './check/tell-apart.ts'

let world: WholeInstallation
before(async () => {
  world = await WholeInstallation.start()
})
after(() => world.remove())

let ids = 0
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const keyOf = (device: string) =>
  createNodeKey({ choiceKey: '', adminToken: world.headcount.credentials.adminToken })(device)

async function send(identifiers: object, headers: Record<string, string> = {}): Promise<string> {
  const { collectorUrl, credentials } = world.headcount
  const id = `e-${ids++}`
  const event = { id, time: new Date(world.clock.now()).toISOString(), feature: 'services', ...identifiers }
  const response = await fetch(`${collectorUrl}/v1/events`, {
    method: 'POST',
    headers: { ...bearer(credentials.writeKey), ...headers },
    body: JSON.stringify({ events: [event] }),
  })
  assert.equal(response.status, 200)
  return id
}

const post = (what: string, body: object, headers: Record<string, string>) =>
  fetch(`${world.headcount.collectorUrl}/v1/privacy/${what}`, { method: 'POST', headers, body: JSON.stringify(body) })
const ask = (query: string, headers: Record<string, string> = {}) =>
  fetch(`${world.headcount.collectorUrl}/v1/privacy/access?${query}`, { headers })

async function held(query: string, headers: Record<string, string>): Promise<Held> {
  const response = await ask(query, headers)
  assert.equal(response.status, 200)
  return (await response.json()) as Held
}

test('a node sees its choices and its own raw records, and nothing of the one beside it', async () => {
  const own = [await send({ device: 'node-1' }), await send({ device: 'node-1', cluster: 'c' })]
  const other = await send({ device: 'node-2' })
  await post('choice', { choice: 'opt-in', device: 'node-1' }, bearer(keyOf('node-1')))
  const found = await held('device=node-1', bearer(keyOf('node-1')))
  assert.equal(found.choice, 'opt-in')
  const { version } = (await (await fetch(`${world.headcount.collectorUrl}/v1/policy`)).json()) as { version: string }
  assert.deepEqual(
    found.history.map(({ choice, by, policy }) => [choice, by, policy]),
    [['opt-in', 'owner', version]],
  )
  assert.deepEqual(
    found.records.flatMap(({ events }) => events.map(({ id }) => id)),
    own,
  )
  assert.equal(found.complete, true)
  for (const foreign of [other, 'node-2']) assert.ok(!JSON.stringify(found).includes(foreign))
  // The control: the other one finds it.
  assert.ok(JSON.stringify(await held('node=node-2', bearer(keyOf('node-2')))).includes(other))
})

test('what a deletion cut out is shown as such until its last byte is gone, and then nothing is', async () => {
  const cookie = 'a'.repeat(22)
  const headers = { cookie: `headcount=${cookie}` }
  await send({}, headers)
  const before = await held('', headers)
  assert.deepEqual(
    before.records.map(({ leftOut }) => leftOut),
    ['no'],
  )
  world.clock.advance(1000)
  assert.equal((await post('deletion', {}, headers)).status, 202)
  const { records, history } = await held('', headers)
  assert.deepEqual(
    records.map(({ leftOut }) => leftOut),
    ['deleted'],
  )
  assert.deepEqual(
    history.map(({ choice }) => choice),
    ['deletion'],
  )
  assert.ok(Date.parse(records[0]?.goneBy ?? '') <= world.clock.now() + rawGoneMs)
  await world.passTo(new Date(world.clock.now() + deletionMs + 1000).toISOString())
  const gone = await held('', headers)
  assert.deepEqual([gone.choice, gone.history, gone.records], ['not made', [], []])
})

test('a browser gets a page, in which what a sender wrote stays text', async () => {
  const headers = { cookie: `headcount=${'b'.repeat(22)}`, 'user-agent': 'Mozilla/5.0 <script>alert(1)</script>' }
  await send({}, headers)
  const response = await ask('', { ...headers, accept: 'text/html,*/*' })
  const text = await response.text()
  assert.ok(response.headers.get('content-type')?.startsWith('text/html'))
  assert.ok(response.headers.get('content-security-policy')?.includes("default-src 'none'"))
  assert.ok(!text.includes('<script>'))
  assert.match(text, /&#60;script&#62;/)
})

test('an operator asks on a case, and each time the ledger has the case and not the identifier', async () => {
  const admin = bearer(world.headcount.credentials.adminToken)
  await send({ cluster: 'cluster-7', device: 'd' })
  assert.equal((await ask('cluster=cluster-7', admin)).status, 400)
  assert.equal((await ask('cluster=cluster-7&case=jane@example.org', admin)).status, 400, 'a case names nobody')
  await held('cluster=cluster-7&case=C-1', admin)
  const found = []
  for await (const { event } of world.headcount.ledger.entries()) if (event.kind === 'subject.served') found.push(event)
  assert.deepEqual(found, [{ kind: 'subject.served', case: 'C-1', what: 'access' }])
})

test('what does not show that it may gets the same refusal, whatever is known of the identifier', async () => {
  await send({ device: 'known' })
  await post('choice', { choice: 'opt-out', device: 'chosen' }, bearer(keyOf('chosen')))
  await post('deletion', { device: 'deleted' }, bearer(keyOf('deleted')))
  const { credentials } = world.headcount
  const tokens = [credentials.writeKey, credentials.analystToken, keyOf('another'), keyOf('').slice(1), 'nothing']
  const answers = new Set<string>()
  for (const device of ['known', 'chosen', 'deleted', 'unknown'])
    for (const token of tokens)
      for (const response of [
        await ask(`device=${device}`, bearer(token)),
        await post('deletion', { device }, bearer(token)),
      ]) {
        const { status, headers } = response
        answers.add(`${token === credentials.writeKey} ${status} ${[...headers.keys()]} ${await response.text()}`)
      }
  assert.equal(answers.size, 2, [...answers].join('\n'))
  for (const answer of answers) assert.match(answer, / 403 /)
  // A node's key is no key of a cookie or a cluster of that name.
  for (const kind of ['cookie', 'cluster']) assert.equal((await ask(`${kind}=n`, bearer(keyOf('n')))).status, 403)
  assert.equal((await ask('')).status, 400)
  const cross = { cookie: `headcount=${'a'.repeat(22)}`, 'sec-fetch-site': 'cross-site' }
  assert.equal((await ask('', cross)).status, 403)
})

const clock = new ManualClock(startTime)

/** Much is known of the device `known`, and nothing of any other. */
async function muchKnown(log = new MemoryEventLog(clock), choices = memoryChoiceBook(clock)) {
  for (let record = 0; record < 400; record++)
    await log.append([{ partition: 0, value: encodeRecord(recordOf({ at: clock, device: 'known', events: 5 })) }])
  const subject = choices.subjectOf('device', 'known')
  for (let entry = 0; entry < 30; entry++)
    await choices.log.append({ subject, act: 'opt-out', by: 'owner', policy: '1' })
  return { log, held: new WhatIsHeld({ choices, history: () => log.history() }) }
}

const chance = 0.2

test('how long a refusal takes does not tell whether the identifier is known', async () => {
  const choices = memoryChoiceBook(clock)
  await using collector = await startCollector({ choices, clock })
  await muchKnown(collector.log, choices)
  const { app } = collector.collector
  const key = createNodeKey({ choiceKey: '', adminToken })('another')
  let address = 0
  const tries = [
    { method: 'GET', token: key },
    { method: 'GET', token: writeKey },
    { method: 'POST', token: key },
  ] as const
  for (const { method, token } of tries) {
    const request = (device: string) => async () => {
      const url = method === 'GET' ? `/v1/privacy/access?device=${device}` : '/v1/privacy/deletion'
      // Each from an address of its own, as one may not ask so often.
      const remoteAddress = `2001:db8::${(++address).toString(16)}`
      const body = method === 'POST' ? { payload: JSON.stringify({ device }) } : {}
      const { statusCode } = await app.inject({ method, url, headers: bearer(token), remoteAddress, ...body })
      assert.equal(statusCode, 403)
    }
    const apart = await tellApart(request('known'), request('other'))
    assert.ok(apart < chance, `${method} is told apart by ${apart}`)
  }
})

test('the control: a door that looks before it asks for proof is told apart, with the same refusal', async () => {
  const { held } = await muchKnown()
  await using app = fastify()
  app.get('/leaky', async ({ query }, reply) => {
    await held.under({ kind: 'device', id: String((query as { device: string }).device) })
    return reply.code(403).send()
  })
  const request = (device: string) => () => app.inject({ url: `/leaky?device=${device}` })
  assert.ok((await tellApart(request('known'), request('other'), 30)) > chance)
})

test('one look at a time; who would have to wait too long is told to come again, and a long answer says that it is cut', async () => {
  const { log, held: one } = await muchKnown()
  const looks = await Promise.allSettled(Array.from({ length: 10 }, () => one.under({ kind: 'device', id: 'known' })))
  assert.equal(looks.filter(({ status }) => status === 'fulfilled').length, 4)
  const [found] = looks.flatMap((look) => (look.status === 'fulfilled' ? look.value : []))
  assert.deepEqual([found?.records.length, found?.complete], [400, true])
  for (let record = 0; record < 200; record++)
    await log.append([{ partition: 1, value: encodeRecord(recordOf({ at: clock, device: 'known' })) }])
  const cut = await one.under({ kind: 'device', id: 'known' })
  assert.deepEqual([cut.records.length, cut.complete], [500, false])
})
