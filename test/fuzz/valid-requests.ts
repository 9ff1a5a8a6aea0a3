/** Valid requests of every dialect, as structures that can be changed before they are written: what fuzzing starts from. */
import { inJson, inProtobuf } from '../services/collector/protocols/otlp-message.ts'
import { writeKey } from '../services/collector/running-collector.ts'
import { Encoded } from './encoded.ts'

/** A request whose body, or whose query where it has none, is made of `value`. */
export interface Shape {
  readonly dialect: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly value: unknown
  readonly write: 'json' | 'lines' | 'form' | 'query' | 'protobuf'
}

const time = '2026-11-23T10:15:00.000Z'
const ms = String(Date.parse(time))
const bearer = { authorization: `Bearer ${writeKey}` }
const basic = { authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}` }
const json = { 'content-type': 'application/json' }
const properties = { version: '2.1', variant: 'open', agents: 7, clusterId: 'c1', package: 'kafka', path: '/jobs/x' }
const browser = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)',
  origin: 'https://x.example',
  'content-type': 'text/plain',
}

const native = {
  id: 'e1',
  time,
  feature: 'services',
  device: 'd1',
  cookie: 'k1',
  cluster: 'c1',
  version: '2.1',
  agents: 7,
}
const segmentItem = {
  type: 'track',
  event: 'Services',
  messageId: 'm1',
  anonymousId: 'a1',
  userId: 'u1',
  timestamp: time,
  properties,
  context: { userAgent: 'Mozilla/5.0', library: { name: 'analytics.js', version: '1' }, traits: { age: 40 } },
}
const signal = {
  batch: [
    {
      type: 'track',
      event: 'health',
      anonymousId: 'c1',
      userId: 'customer',
      messageId: 's1',
      timestamp: '2019-10-11T14:40:54+0000',
      properties: {
        ...properties,
        source: 'cluster',
        environmentVersion: '2.1.0',
        'health-unit-dcos-net-total': 3,
        'health-unit-dcos-net-unhealthy': 1,
        package_list: [{ appId: '/kafka', packageInformation: { packageDefinition: { name: 'kafka', version: '1' } } }],
      },
    },
  ],
  context: { library: { name: 'analytics-go', version: '2.1.0' } },
  sentAt: '2019-10-11T14:40:55+0000',
}
const posthogItem = {
  event: '$pageview',
  uuid: '01900000-0000-7000-8000-000000000000',
  distinct_id: 'd1',
  timestamp: time,
  offset: 5,
  options: { process_person_profile: false },
  properties: { ...properties, $pathname: '/jobs', $current_url: 'https://x.example/jobs', $set: { age: 40 } },
}
const cloudEvent = {
  specversion: '1.0',
  id: 'c1',
  source: '/x',
  type: 'services',
  time,
  data: { ...properties, device: 'd1' },
}
const described = { data: { schema: 'iglu:com.acme/jobs/jsonschema/1-0-0', data: properties } }
const snowplowItem = {
  e: 'ue',
  eid: 's1',
  aid: writeKey,
  p: 'web',
  duid: 'd1',
  uid: 'u1',
  dtm: ms,
  stm: ms,
  url: 'https://x.example/jobs',
  ua: 'Mozilla/5.0',
  ue_px: new Encoded('base64url', described),
  cx: new Encoded('base64', { data: [{ schema: 'x', data: properties }] }),
}
/** The same, not in base64. */
const snowplowPlain = {
  ...snowplowItem,
  ue_px: undefined,
  cx: undefined,
  ue_pr: new Encoded('text', described),
  co: new Encoded('text', { data: [{ schema: 'x', data: properties }] }),
}
const logRecord = { eventName: 'services', attributes: { device: 'd1', version: '2.1', agents: '7' } }
const richRecord = {
  eventName: 'jobs',
  time: BigInt(ms) * 1_000_000n,
  attributes: { device: 'd1', agents: 7n, cpu: 1.5, on: true, list: ['a', { b: ['c'] }], bytes: Buffer.from('x') },
  body: { text: 'x', list: [1, 'y'] },
}
const posthogBatch = { api_key: writeKey, batch: [posthogItem, { ...posthogItem, event: '$screen' }], sent_at: time }
const visit = { n: 'pageview', u: 'https://x.example/#/jobs', d: writeKey, h: 1, p: properties, r: null }
const beacon = {
  key: writeKey,
  cookie: true,
  events: [{ id: 'b1', path: '/jobs', ago: 5, device: 'd1', version: '2.1' }],
}

function post(dialect: string, path: string, value: unknown, headers = {}, write: Shape['write'] = 'json'): Shape {
  return { dialect, method: 'POST', path, headers: { ...json, ...headers }, value, write }
}

export const validRequests: readonly Shape[] = [
  post('native', '/v1/events', { events: [native, { ...native, id: 'e2' }] }, bearer),
  post('native', '/v1/events', [native, native], { ...bearer, 'content-type': 'application/x-ndjson' }, 'lines'),
  post('segment', '/v1/batch', { batch: [segmentItem, { ...segmentItem, type: 'page' }], sentAt: time }, basic),
  post('segment', '/v1/track', { ...segmentItem, writeKey }),
  post('segment', '/v1/batch', signal, basic),
  post('segment-browser', '/v1/b', { batch: [segmentItem], writeKey, sentAt: time }, browser),
  post('segment-browser', '/v1/p', { ...segmentItem, type: 'page', writeKey }, browser),
  post('posthog', '/batch/', posthogBatch),
  post('posthog', `/e/?ip=0&_=${ms}&compression=base64`, { data: new Encoded('text', posthogBatch) }, browser, 'form'),
  post('posthog', '/i/v1/analytics/events', posthogBatch, { ...bearer, 'posthog-request-timestamp': time }),
  post('posthog', '/flags/?v=2', { token: writeKey, distinct_id: 'd1', person_properties: { age: 5 } }),
  {
    dialect: 'posthog',
    method: 'GET',
    path: `/array/${writeKey}/config`,
    headers: {},
    value: { _: '1' },
    write: 'query',
  },
  post('cloudevents', '/v1/cloudevents', cloudEvent, { ...bearer, 'content-type': 'application/cloudevents+json' }),
  post(
    'cloudevents',
    '/v1/cloudevents',
    { ...cloudEvent, data: undefined, data_base64: new Encoded('base64', cloudEvent.data) },
    { ...bearer, 'content-type': 'application/cloudevents+json' },
  ),
  post('cloudevents', '/v1/cloudevents', [cloudEvent], {
    ...bearer,
    'content-type': 'application/cloudevents-batch+json',
  }),
  post('cloudevents', '/v1/cloudevents', properties, {
    ...bearer,
    'ce-specversion': '1.0',
    'ce-id': 'c%201',
    'ce-source': '/x',
    'ce-type': 'services',
    'ce-time': time,
  }),
  post('otlp', '/v1/logs', JSON.parse(inJson([logRecord])), bearer),
  post(
    'otlp',
    '/v1/logs',
    inProtobuf([logRecord, richRecord], { cluster: 'c1', version: '2.1' }),
    { ...bearer, 'content-type': 'application/x-protobuf' },
    'protobuf',
  ),
  post('plausible', '/api/event', visit, browser),
  post('plausible', '/api/event', { ...visit, n: 'services', p: new Encoded('text', properties) }, browser),
  post('snowplow', '/com.snowplowanalytics.snowplow/tp2', {
    schema: 'iglu:x',
    data: [snowplowItem, { ...snowplowItem, e: 'pv' }, snowplowPlain],
  }),
  { dialect: 'snowplow', method: 'GET', path: '/i', headers: browser, value: snowplowItem, write: 'query' },
  post('beacon', '/v1/beacon', beacon, browser),
  {
    dialect: 'pixel',
    method: 'GET',
    path: '/v1/pixel.gif',
    headers: { ...browser, referer: 'https://x.example/jobs' },
    value: { key: writeKey, feature: 'jobs', id: 'p1', device: 'd1', agents: '7', cookie: '1' },
    write: 'query',
  },
]
