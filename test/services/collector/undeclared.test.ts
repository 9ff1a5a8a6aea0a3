import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shapeOf, Undeclared, type UndeclaredReport } from '../../../services/collector/undeclared.ts'
import { describeReport } from '../../../services/command-line/undeclared.ts'
import { systemClock } from '../../../shared/clock.ts'
import { adminToken, event, startCollector, writeKey } from './running-collector.ts'

test('the shape of a name has no word, no digit and no length of it', () => {
  const shapes: [string, string][] = [
    ['Package Installed 17', 'Aa Aa 9'],
    ['package_installed', 'a_a'],
    ['PACKAGE', 'A'],
    ['/services/detail/%2Fmy-app/tasks', '/a/a/?9Aa-a/a'],
    ['jane.doe@example.org', 'a.a?a.a'],
    ['日本語 №5', 'a ?9'],
    ['\u0000\u001b[31m', '?9a'],
    ['', '(empty)'],
    ['a1'.repeat(100), 'a9a9a9a9a9a9…'],
  ]
  for (const [name, shape] of shapes) assert.equal(shapeOf(name), shape, name)
})

test('uses are counted by protocol and shape, names only by asking for them', () => {
  const undeclared = new Undeclared(systemClock)
  for (const text of ['Order Paid', 'Order Sent', 'Order Paid'])
    undeclared.note('segment', { kind: 'name', text, fields: ['version'] })
  undeclared.note('native', { kind: 'name', text: 'Order Paid', fields: [] })
  const { shapes, named, complete } = undeclared.report(['Order Paid', 'order paid'])
  assert.deepEqual(named, [3, 0])
  assert.ok(complete)
  assert.deepEqual(shapes, [
    { protocol: 'segment', kind: 'name', shape: 'Aa Aa', events: 3, names: 2, fields: ['version'] },
    { protocol: 'native', kind: 'name', shape: 'Aa Aa', events: 1, names: 0, fields: [] },
  ])
  assert.doesNotMatch(JSON.stringify(shapes), /Order|Paid/)
})

test('however many different names and shapes come, a bounded number is kept apart and no event is missed', () => {
  const undeclared = new Undeclared(systemClock)
  const bits = (number: number) => [...number.toString(2)].map((bit) => (bit === '1' ? 'a' : '_')).join('')
  for (let at = 1; at <= 20_000; at++)
    undeclared.note('native', { kind: 'name', text: `${bits(at % 4096)}a${at}`, fields: [] })
  const { shapes, complete } = undeclared.report()
  assert.equal(complete, false)
  assert.ok(shapes.length <= 501, `${shapes.length} shapes`)
  assert.equal(
    shapes.reduce((sum, { events }) => sum + events, 0),
    20_000,
  )
  assert.ok(shapes.reduce((sum, { names }) => sum + names, 0) <= 10_000)
})

test('a collector tells it to the admin alone, after what came in any dialect, and says nothing a sender wrote', async () => {
  await using running = await startCollector()
  await running.send({
    events: [{ ...event, feature: 'secret-thing' }, event, { ...event, feature: 'other_thing', version: '2.1' }],
  })
  const segment = {
    type: 'track',
    event: 'Secret Thing',
    anonymousId: 'a',
    messageId: 'm',
    properties: { version: '2.1', who: 'jane' },
  }
  const page = { type: 'page', anonymousId: 'a', messageId: 'n', properties: { path: '/my/secret' } }
  const basic = { authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}` }
  assert.equal((await running.send({ batch: [segment, page] }, basic, '/v1/batch')).status, 200)

  const ask = (token: string, query = '') =>
    fetch(`${running.url}/v1/undeclared${query}`, { headers: { authorization: `Bearer ${token}` } })
  assert.equal((await ask(writeKey)).status, 401)
  const text = await (await ask(adminToken, '?name=Secret%20Thing&name=/my/secret')).text()
  assert.doesNotMatch(text, /secret|jane|Thing/i)
  const report = JSON.parse(text) as UndeclaredReport
  assert.deepEqual(report.named, [1, 1])
  assert.deepEqual(
    report.shapes
      .map(({ protocol, kind, shape, events, fields }) => [protocol, kind, shape, events, fields.join()])
      .sort(),
    [
      ['native', 'name', 'a-a', 1, ''],
      ['native', 'name', 'a_a', 1, 'version'],
      ['segment', 'name', 'Aa Aa', 1, 'version'],
      ['segment', 'path', '/a/a', 1, ''],
    ],
  )
  const shown = describeReport(running.url, report, ['Secret Thing', '/my/secret'])
  assert.match(shown, /segment +name +Aa Aa +1 +1 +version\n/)
  assert.match(shown, /Secret Thing: 1 times/)
  assert.match(await running.metrics.registry.metrics(), /headcount_events_undeclared_total\{protocol="segment"\} 2/)
})
