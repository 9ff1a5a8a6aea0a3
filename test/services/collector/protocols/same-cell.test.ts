/**
 * The same event through any two dialects gives the same cell. What the worker makes of an event follows from its record
 * (unit, route, user agent, address, time, feature, fields), so records are compared; ids are the dialects' own.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SentRequest } from '../../../../services/collector/protocols/dialect.ts'
import { everyDialect } from '../../../../services/collector/protocols/every-dialect.ts'
import { readCatalogue } from '../../../../shared/catalogue-file.ts'
import { decodeRecord, eventsOf } from '../../../../shared/event.ts'
import { seeded } from '../../../flow/hostile-requests.ts'
import { inJson, inProtobuf } from './otlp-message.ts'

const key = 'write-key-for-tests-0001'
const receivedAt = Date.parse('2026-11-23T10:20:00Z')
const rounds = 300
const catalogue = readCatalogue('')
const dialects = everyDialect({
  catalogue,
  isSenderKey: (given) => given === key,
  limits: { bodyBytesMax: 1 << 20, inflatedBytesMax: 1 << 20 },
  eventsMax: 100,
})

interface Use {
  readonly feature: string
  readonly device: string
  /** ms since the Unix epoch. */
  readonly at: number
  readonly fields: Readonly<Record<string, string | number>>
}

type Sent = Pick<SentRequest, 'method' | 'url' | 'body'> & { readonly headers: Record<string, string> }
type Encode = (use: Use) => Sent

const bearer = { authorization: `Bearer ${key}` }
const json = { 'content-type': 'application/json' }
const time = ({ at }: Use) => new Date(at).toISOString()
const post = (url: string, body: object, headers: Record<string, string> = {}): Sent => ({
  method: 'POST',
  url,
  body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
  headers: { ...json, ...headers },
})
const get = (path: string, query: Record<string, string>): Sent => ({
  method: 'GET',
  url: `${path}?${new URLSearchParams(query)}`,
  body: Buffer.alloc(0),
  headers: {},
})
const texts = (fields: Use['fields']) =>
  Object.fromEntries(Object.entries(fields).map(([name, of]) => [name, String(of)]))
const logOf = (use: Use) => ({
  eventName: use.feature,
  time: BigInt(use.at) * 1_000_000n,
  attributes: { device: use.device, ...use.fields },
})
const snowplow = (use: Use) => ({
  e: 'ue',
  eid: 's1',
  aid: key,
  duid: use.device,
  dtm: String(use.at),
  ue_pr: JSON.stringify({ data: { schema: `iglu:com.acme/${use.feature}/jsonschema/1-0-0`, data: use.fields } }),
})

/** An event of a program, with a time and an identifier. */
const programs: Readonly<Record<string, Encode>> = {
  native: (use) =>
    post(
      '/v1/events',
      { events: [{ id: 'n1', time: time(use), feature: use.feature, device: use.device, ...use.fields }] },
      bearer,
    ),
  segment: (use) =>
    post('/v1/track', {
      writeKey: key,
      event: use.feature,
      messageId: 'm1',
      anonymousId: use.device,
      timestamp: time(use),
      properties: use.fields,
    }),
  'segment for browsers': (use) =>
    post('/v1/b', {
      writeKey: key,
      batch: [{ type: 'track', event: use.feature, userId: use.device, timestamp: time(use), properties: use.fields }],
    }),
  posthog: (use) =>
    post('/batch/', {
      api_key: key,
      batch: [
        { event: use.feature, uuid: 'p1', distinct_id: use.device, timestamp: time(use), properties: use.fields },
      ],
    }),
  'posthog by event': (use) =>
    post(
      '/i/v1/analytics/events',
      {
        batch: [
          { event: use.feature, uuid: 'p1', distinct_id: use.device, timestamp: time(use), properties: use.fields },
        ],
      },
      bearer,
    ),
  cloudevents: (use) =>
    post(
      '/v1/cloudevents',
      {
        specversion: '1.0',
        id: 'c1',
        source: '/x',
        type: use.feature,
        time: time(use),
        data: { device: use.device, ...use.fields },
      },
      { ...bearer, 'content-type': 'application/cloudevents+json' },
    ),
  'otlp in JSON': (use) => post('/v1/logs', JSON.parse(inJson([logOf(use)])), bearer),
  'otlp in protobuf': (use) =>
    post('/v1/logs', inProtobuf([logOf(use)]), { ...bearer, 'content-type': 'application/x-protobuf' }),
  'snowplow by POST': (use) => post('/com.snowplowanalytics.snowplow/tp2', { data: [snowplow(use)] }),
  'snowplow by GET': (use) => get('/i', snowplow(use)),
}

/** An event of a page, counted when it arrives. */
const pages: Readonly<Record<string, Encode>> = {
  beacon: (use) =>
    post('/v1/beacon', { key, events: [{ id: 'b1', feature: use.feature, device: use.device, ...use.fields }] }),
  pixel: (use) => get('/v1/pixel.gif', { key, feature: use.feature, device: use.device, ...texts(use.fields) }),
  posthog: (use) =>
    post('/e/', {
      token: key,
      event: use.feature,
      distinct_id: use.device,
      properties: { $lib: 'web', ...use.fields },
    }),
  snowplow: (use) => get('/i', { ...snowplow(use), dtm: '', p: 'web' }),
}

/** An event of a page that says nothing of who sent it. */
const nameless: Readonly<Record<string, Encode>> = {
  beacon: (use) => post('/v1/beacon', { key, events: [{ id: 'b1', feature: use.feature, ...use.fields }] }),
  pixel: (use) => get('/v1/pixel.gif', { key, feature: use.feature, ...texts(use.fields) }),
  plausible: (use) => post('/api/event', { d: key, n: use.feature, u: 'https://x.example/', p: use.fields }),
}

/** What the worker will see of it, without the event's id. */
function recordOf(sent: Sent, inBrowser: boolean): object {
  const path = sent.url.split('?', 1)[0]
  const dialect = dialects.find(({ routes }) =>
    routes.some((route) => route.path === path && route.method === sent.method),
  )
  assert.ok(dialect, path)
  const authorized = dialect.authorize(sent) === 'granted'
  const route = inBrowser ? ('browser' as const) : ('node' as const)
  const userAgent = inBrowser ? 'Mozilla/5.0 (X11; Linux x86_64)' : 'program/1'
  const sender = { receivedAt, ip: '192.0.2.7', userAgent, route, cookie: undefined }
  const { records } = dialect.read({ ...sent, authorized, sender })
  assert.equal(records.length, 1, dialect.name)
  const decoded = decodeRecord(records[0]?.bytes() as Buffer)
  assert.ok(decoded)
  const [event] = eventsOf(decoded)
  const fields = Object.fromEntries(Object.entries(event?.fields ?? {}).sort())
  const { unit, ip } = decoded
  return {
    unit,
    ip,
    route: decoded.route,
    userAgent: decoded.userAgent,
    time: event?.time,
    feature: event?.feature,
    fields,
  }
}

function useOf(random: () => number): Use {
  const of = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const features = catalogue.features.filter(({ unit }) => unit !== 'cluster').map(({ id }) => id)
  const all = {
    version: of(['2.1', '1.13.5', 'x y', '']),
    variant: of(['open', 'no such']),
    agents: Math.floor(random() * 99),
  }
  return {
    feature: of([...features, 'nobody_declared_it']),
    device: of(['d1', 'user@example.org', 'Ünï-😀', '1'.repeat(256)]),
    at: receivedAt - Math.floor(random() * 80_000_000),
    fields: Object.fromEntries(Object.entries(all).filter(() => random() < 0.6)),
  }
}

for (const [what, encodings, inBrowser] of [
  ['a program', programs, false],
  ['a page', pages, true],
  ['a page that says nothing of who sent it', nameless, true],
] as const) {
  test(`the same event of ${what} is the same to the worker through each of ${Object.keys(encodings).join(', ')}`, () => {
    const random = seeded(20261125)
    const different = new Set<string>()
    for (let round = 0; round < rounds; round++) {
      const use = useOf(random)
      const [first, ...others] = Object.entries(encodings)
      assert.ok(first)
      const expected = recordOf(first[1](use), inBrowser)
      different.add(JSON.stringify(expected))
      for (const [name, encode] of others)
        assert.deepEqual(recordOf(encode(use), inBrowser), expected, `${first[0]} and ${name}: ${JSON.stringify(use)}`)
    }
    // Control: the comparison sees more than that there is an event.
    assert.ok(different.size > rounds / 4, `${different.size} different events`)
  })
}
