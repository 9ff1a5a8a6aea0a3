import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SentRequest } from '../../../../services/collector/protocols/dialect.ts'
import { nativeDialect } from '../../../../services/collector/protocols/native.ts'
import { readAlike } from '../../../../services/collector/protocols/native-alike.ts'
import { readCatalogue } from '../../../../shared/catalogue-file.ts'
import { ProblemError } from '../../../../shared/http/problem.ts'

const limits = { bodyBytesMax: 1e6, inflatedBytesMax: 1e6 }
const dialect = nativeDialect({ catalogue: readCatalogue(''), isSenderKey: () => true, limits, eventsMax: 6 })
const sender = { receivedAt: 1, ip: '192.0.2.1', userAgent: 'test', route: 'node', cookie: undefined } as const

const event = {
  id: 'e1',
  time: '2026-11-23T10:00:00.000Z',
  feature: 'services',
  device: 'd1',
  version: '2.1.4',
  agents: 12,
}
const python = (value: unknown) =>
  JSON.stringify(value, null, 1)
    .replaceAll(/\n */g, ' ')
    .replaceAll('{ ', '{')
    .replaceAll(' }', '}')
    .replaceAll('[ ', '[')
    .replaceAll(' ]', ']')

function read(text: string): unknown {
  const request: SentRequest = {
    method: 'POST',
    url: '/v1/events',
    headers: {},
    body: Buffer.from(text),
    authorized: true,
    sender,
  }
  try {
    const { records, answer, ...rest } = dialect.read(request)
    return { ...rest, answer: answer(0), records: records.map((record) => record.bytes().toString()) }
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
}

/** The number of events read without the parser, undefined when it would be needed; takes every event. */
function alike(text: string, eventsMax = 1000): number | undefined {
  return readAlike(text, eventsMax, { admit: () => undefined, admitAlike: () => true })
}

test('bodies as JSON.stringify and json.dumps write them are read by comparison', () => {
  const events = Array.from({ length: 5 }, (_, index) => ({ ...event, id: `e${index}`, feature: `f${index % 2}` }))
  assert.equal(alike(JSON.stringify({ events })), 5)
  assert.equal(python({ events: [{ id: 'a', n: 1 }, {}] }), '{"events": [{"id": "a", "n": 1}, {}]}', 'as Python does')
  assert.equal(alike(python({ events })), 5)
  assert.equal(alike(JSON.stringify({ events: [event] })), 1)
  assert.equal(alike(JSON.stringify({ events }), 5), 5)
  assert.equal(alike(JSON.stringify({ events }), 4), undefined)
})

test('whatever is not word for word as expected goes to the parser', () => {
  const one = JSON.stringify(event)
  const second = JSON.stringify({ ...event, id: 'e2' })
  for (const body of [
    '{"events":[]}',
    `{"events":[${one}]} `,
    `{"events":[${one}],"sentAt":"x"}`,
    `{"events":[${one},${second.replace('"d1"', '"d2"')}]}`,
    `{"events":[${one},${second.replace('"d1"', '"d1","device":"d2"')}]}`,
    `{"events":[${one.replace('"d1"', '"d0","device":"d1"')}]}`,
    `{"events":[${one.replace('12', '12.0')}]}`,
    `{"events":[${one.replace('"e1"', '1')}]}`,
    `{"events":[${one.replace('"services"', '"a}b"')}]}`,
    `{"events":[${one.replace('12', '{"a":1}')}]}`,
    `{"events":[${one},${second}`,
    `{"events":[${one},${second.slice(0, 20)}`,
    `{"events":[${one},]}`,
    `{"events":[${one}${second}]}`,
    `[${one}]`,
  ])
    assert.equal(alike(body), undefined, body)
})

test('the bound on an event counts what is longer than in the event before', () => {
  const sized = (note: number, id: number) => {
    const first = { ...event, note: 'x'.repeat(note) }
    return JSON.stringify({ events: [first, { ...first, id: 'y'.repeat(id) }] })
  }
  assert.equal(alike(sized(32_600, 250)), 2)
  for (const [note, id, accepted] of [
    [32_600, 2, 2],
    [32_600, 250, 1],
    [32_800, 2, 0],
  ] as const) {
    assert.equal((read(sized(note, id)) as { accepted: number }).accepted, accepted)
    assert.deepEqual(read(sized(note, id)), read(` ${sized(note, id)}`))
  }
})

test('read by comparison or by the parser, a body has the same records, verdicts and problems', () => {
  const texts = fc.oneof(
    fc.constantFrom('services', 'mesos_track', 'nodes', 'unknown', '', 'a"b', 'a}b', '\u0001', 'é', 'x'.repeat(257)),
    fc.constantFrom(event.time, '2026-11-23T10:00:00Z', '2026-11-23T12:00:00+02:00', '2026-02-30T10:00:00Z'),
    fc.string({ maxLength: 5 }),
  )
  const values = fc.oneof({ weight: 4, arbitrary: texts }, fc.constantFrom(null, true, 0, 1.5, -1, {}, [1]))
  const names = fc.constantFrom(
    'id',
    'time',
    'feature',
    'device',
    'cookie',
    'cluster',
    'version',
    'agents',
    '__proto__',
    '7',
  )
  const members = fc.array(fc.tuple(names, values), { maxLength: 3 })
  const changed = (from: object, by: [string, unknown][]) => Object.fromEntries([...Object.entries(from), ...by])
  const bodies = fc
    .tuple(
      members,
      fc.array(fc.tuple(fc.constantFrom('id', 'id', 'time', 'feature', 'feature', 'version'), values), {
        maxLength: 7,
      }),
    )
    .map(([common, each]) =>
      [event, ...each.map((member) => changed(event, [member]))].map((one) => changed(one, common)),
    )
    .chain((events) => fc.constantFrom(JSON.stringify({ events }), python({ events })))
  const damage = fc.option(
    fc.tuple(fc.nat(2000), fc.nat(2), fc.constantFrom('', '"', '{', '}', ']', ',', '\\', '\u0001', ' ', 'a')),
  )
  let compared = 0
  fc.assert(
    fc.property(bodies, damage, (body, hurt) => {
      const [at, removed, added] = hurt ?? [0, 0, '']
      const text = body.slice(0, at % body.length) + added + body.slice((at % body.length) + removed)
      if (alike(text) !== undefined) compared++
      // A space before it changes nothing in JSON, but makes the first way give up.
      assert.equal(alike(` ${text}`), undefined)
      assert.deepEqual(read(text), read(` ${text}`), text)
    }),
    { numRuns: 20_000, seed: 20261124 },
  )
  assert.ok(compared > 1500, `only ${compared} bodies were read by comparison`)
})
