import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scan } from '../../../../services/collector/alike-scan/scan.ts'
import type { SentRequest } from '../../../../services/collector/protocols/dialect.ts'
import { nativeDialect } from '../../../../services/collector/protocols/native.ts'
import { readAlike } from '../../../../services/collector/protocols/native-alike.ts'
import { readCatalogue } from '../../../../shared/catalogue-file.ts'
import { RecordText } from '../../../../shared/event.ts'
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
  const record = new RecordText('[', { kind: 'device', id: 'd1' }, true)
  return readAlike(Buffer.from(text), eventsMax, {
    admit: () => undefined,
    alikeKind: () => ({ record, kind: 0, isUndeclared: false }),
    alikeSizeMax: () => 1_000_000,
    noteUndeclared: () => undefined,
  })
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

test('values that are no text are what JSON has, and no more', () => {
  const written = (value: string) => `{"events":[${JSON.stringify(event).replace('12', value)}]}`
  for (const value of [
    '0',
    '-0',
    '-1.50',
    '12.0',
    '1e3',
    '1E+2',
    '2.5e-3',
    '1e999',
    '123456789012345678901',
    'true',
    'false',
    'null',
  ]) {
    assert.equal(alike(written(value)), 1, value)
    assert.deepEqual(read(written(value)), read(` ${written(value)}`), value)
  }
  for (const value of [
    '',
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    '0x1',
    'NaN',
    'Infinity',
    'undefined',
    'True',
    '1 ',
    ' 1',
    '1_0',
    '[]',
    '{}',
    "'a'",
  ]) {
    assert.equal(alike(written(value)), undefined, value)
    assert.deepEqual(read(written(value)), read(` ${written(value)}`), value)
  }
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
    { numRuns: 25_000, seed: 20261124 },
  )
  assert.ok(compared > 1500, `only ${compared} bodies were read by comparison`)
})

test('bodies that are alike by their making: read by comparison they have what the parser makes of them', () => {
  const ascii = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) })
  const usual = fc.date({ min: new Date('2001-01-01'), max: new Date('2101-01-01'), noInvalidDate: true })
  const times = fc.oneof(
    { weight: 4, arbitrary: usual.map((date) => date.toISOString()) },
    usual.map((date) => date.toISOString().replace(/\.\d+/, '')),
    usual.map((date) => date.toISOString().replace('Z', '456+02:30')),
    fc.constantFrom(
      '1970-01-01T00:00:00.001Z',
      '2000-02-29T00:00:00Z',
      '2024-02-29T23:59:59.999Z',
      '9999-12-31T23:59:59Z',
    ),
    // Of no calendar, or of none of these forms.
    fc.constantFrom(
      '2023-02-29T00:00:00Z',
      '2026-04-31T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-11-23T24:00:00Z',
      '2026-11-23T10:00:00.1Z',
      '2016-12-31T23:59:60Z',
    ),
  )
  const ids = fc.oneof(
    { weight: 4, arbitrary: fc.uuid() },
    ascii.map((text) => text.replaceAll(/["\\]/g, '') || 'x'),
    fc.integer({ min: 1, max: 257 }).map((length) => 'i'.repeat(length)),
  )
  const features = fc.constantFrom(
    'services',
    'jobs',
    'nodes',
    'mesos_track',
    '_probe',
    'never heard of',
    'x'.repeat(256),
  )
  const order = fc.shuffledSubarray(['id', 'time', 'feature', 'device', 'cluster', 'version', 'agents', 'note'], {
    minLength: 8,
  })
  const common = fc.record({
    device: fc.uuid(),
    cluster: fc.uuid(),
    version: fc.constantFrom('2.1.4', '1.13.9'),
    agents: fc.nat(),
    note: ascii.map((text) => text.replaceAll(/["\\}]/g, '')),
  })
  const bodies = fc
    .tuple(
      order,
      common,
      fc.array(fc.record({ id: ids, time: times, feature: features }), { minLength: 2, maxLength: 6 }),
    )
    .map(([names, same, each]) =>
      each.map((one) => Object.fromEntries(names.map((name) => [name, { ...same, ...one }[name as 'id']]))),
    )
    .chain((events) => fc.constantFrom(JSON.stringify({ events }), python({ events })))
  let compared = 0
  fc.assert(
    fc.property(bodies, (text) => {
      if (alike(text) !== undefined) compared++
      assert.deepEqual(read(text), read(` ${text}`), text)
    }),
    { numRuns: 10_000, seed: 20261126 },
  )
  assert.ok(compared > 5000, `only ${compared} bodies were read by comparison`)
})

test('what one body left in the scan is not found by the next', () => {
  const events = Array.from({ length: 5 }, (_, index) => ({ ...event, id: `e${index}` }))
  const text = JSON.stringify({ events })
  for (let length = text.length - 1; length > 0; length--) {
    assert.equal(alike(text), 5)
    assert.equal(alike(text.slice(0, length)), undefined, `of the first ${length} characters`)
  }
})

test('nothing of a body stays in the scan, whether it was read or given up', () => {
  const secret = '0b7e9c1d-secret'
  const named = (feature: string) => ({ ...event, id: `${secret}-${feature}`, device: secret, feature })
  const events = ['services', 'mesos_track', 'jobs', 'mesos_track', 'services'].map(named)
  const text = JSON.stringify({ events: events.map((one) => ({ ...one, cluster: secret })) })
  assert.ok(scan)
  for (const body of [text, text.slice(0, -30)]) {
    const before = scan.exports.forget
    let seen = false
    // The control: just before it forgets, it has it.
    Object.defineProperty(scan, 'exports', {
      value: {
        ...scan.exports,
        forget: () => {
          seen = scan?.bytes.includes(secret) ?? false
          before()
        },
      },
    })
    read(body)
    assert.ok(seen, 'it was there')
    assert.equal(scan.bytes.includes(secret), false)
  }
})

test('more features than are remembered, and a body larger than the scan, go to the parser', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...event, id: `e${index}`, feature: `f${index}` }))
  assert.equal(alike(JSON.stringify({ events: many(65) })), 65)
  assert.equal(alike(JSON.stringify({ events: many(66) })), undefined)
  const sized = (size: number) => {
    const one = { ...event, note: '' }
    one.note = 'x'.repeat(size - JSON.stringify({ events: [one, one] }).length / 2)
    return JSON.stringify({ events: [one, one] })
  }
  assert.equal(alike(sized(524_288)), 2)
  assert.equal(alike(sized(524_289)), undefined)
})
