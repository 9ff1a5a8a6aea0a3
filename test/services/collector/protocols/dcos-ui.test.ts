import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../../../shared/clock.ts'
import { memoryChoiceBook } from '../../../doubles/memory-choice-log.ts'
import { uiVisit } from '../../../fixtures/dcos-ui.ts'
import { startCollector, writeKey } from '../running-collector.ts'

const basic = { authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}` }
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
const noon = Date.parse('2019-10-11T12:00:00Z')
const user = { anonymousId: 'ui-device-1', email: 'canary@example.org', clusterId: 'canary-cluster' }
const pages = [
  ['/services/detail/[id]/tasks', '/services/detail/%2Fcanary-secret-app/tasks'],
  ['/unknown', '/canary/of-an-own-plugin?canary=1'],
] as const

type KeptEvent = [id: string, time: number, feature: string, fields: Record<string, unknown>]

test('a visit of the UI is counted by page and version; email, cluster and raw paths are not even in the raw log', async () => {
  await using running = await startCollector({ clock: new ManualClock(noon) })
  for (const { path, body } of uiVisit(user, pages, noon)) {
    const answer = await running.send(
      body,
      { ...basic, 'user-agent': firefox, origin: 'https://cluster.example' },
      path,
    )
    assert.deepEqual([answer.status, await answer.text()], [200, '{"success":true}'])
  }
  const events = running.records().flatMap(({ events }) => events as KeptEvent[])
  const fields = { version: '1.13.5', variant: 'enterprise', source: 'ui' }
  assert.deepEqual(
    events.map(([, time, feature, fields]) => [time, feature, fields]),
    ['dcos_login', 'services', 'services', '(other)', '(other)', 'dcos_logout'].map((one) => [noon, one, fields]),
  )
  assert.ok(running.records().every(({ unit }) => unit.kind === 'device' && unit.id === user.anonymousId))
  assert.ok(running.records().every(({ route, userAgent }) => route === 'browser' && userAgent === firefox))
  const log = Buffer.concat(running.log.all().map(({ value }) => value)).toString()
  assert.ok(log.includes(user.anonymousId) && !log.includes('canary'))
})

test('a variant that is not declared is (other); what another page says of itself is left as it is', async () => {
  await using running = await startCollector({ clock: new ManualClock(noon) })
  const track = { type: 'track', event: 'services', anonymousId: 'a' }
  const ui = { appVersion: '1', clusterId: 'c', 'dcos-variant': 'canary' }
  const items = [ui, { ...ui, source: 'cli', variant: 'open' }, { appVersion: '1' }, { clusterId: 'c' }]
  await running.send({ batch: items.map((properties) => ({ ...track, properties })) }, basic, '/v1/batch')
  assert.deepEqual(
    running.records().flatMap(({ events }) => (events as KeptEvent[]).map(([, , , fields]) => fields)),
    [{ variant: '(other)', source: 'ui' }, { source: 'cli', variant: 'open' }, {}, {}],
  )
})

test('the UI of a cluster that has opted out is not counted', async () => {
  const clock = new ManualClock(noon)
  const choices = memoryChoiceBook(clock)
  await using running = await startCollector({ clock, choices })
  const visit = uiVisit(user, pages, noon)
  const send = async () => {
    for (const { path, body } of visit) assert.equal((await running.send(body, basic, path)).status, 200)
  }
  const choice = { choice: 'opt-out', cluster: user.clusterId }
  const answer = await running.send(
    choice,
    { authorization: `Bearer ${writeKey}`, 'content-type': 'application/json' },
    '/v1/privacy/choice',
  )
  assert.equal(answer.status, 200, await answer.text())
  await send()
  assert.deepEqual(running.records(), [])
})
