/** One event in every dialect that can say it. */
import type { SentRequest } from '../../../../services/collector/protocols/dialect.ts'
import { inJson, inProtobuf } from './otlp-message.ts'

/** The write key of all of them. */
export const key = 'write-key-for-tests-0001'
const formType = 'application/x-www-form-urlencoded'

/** One use of something, told by somebody. */
export interface Use {
  /** Its id where a dialect has one for events. */
  readonly id: string
  readonly feature: string
  readonly device: string
  /** ms since the Unix epoch. */
  readonly at: number
  readonly fields: Readonly<Record<string, string | number>>
}

export type Sent = Pick<SentRequest, 'method' | 'url' | 'body'> & { readonly headers: Record<string, string> }
export type Encode = (use: Use) => Sent

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
  eid: use.id,
  aid: key,
  duid: use.device,
  dtm: String(use.at),
  ue_pr: JSON.stringify({ data: { schema: `iglu:com.acme/${use.feature}/jsonschema/1-0-0`, data: use.fields } }),
})

/** An event of a program, with a time and an identifier. */
export const programs: Readonly<Record<string, Encode>> = {
  native: (use) =>
    post(
      '/v1/events',
      { events: [{ id: use.id, time: time(use), feature: use.feature, device: use.device, ...use.fields }] },
      bearer,
    ),
  segment: (use) =>
    post('/v1/track', {
      writeKey: key,
      event: use.feature,
      messageId: use.id,
      anonymousId: use.device,
      timestamp: time(use),
      properties: use.fields,
    }),
  'segment for browsers': (use) =>
    post('/v1/b', {
      writeKey: key,
      batch: [{ type: 'track', event: use.feature, userId: use.device, timestamp: time(use), properties: use.fields }],
    }),
  rudderstack: (use) =>
    post(
      '/v1/batch',
      {
        batch: [
          {
            type: 'track',
            event: use.feature,
            messageId: use.id,
            userId: use.device,
            originalTimestamp: time(use),
            properties: use.fields,
          },
        ],
      },
      { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`, 'content-type': formType },
    ),
  posthog: (use) =>
    post('/batch/', {
      api_key: key,
      batch: [
        { event: use.feature, uuid: use.id, distinct_id: use.device, timestamp: time(use), properties: use.fields },
      ],
    }),
  'posthog by event': (use) =>
    post(
      '/i/v1/analytics/events',
      {
        batch: [
          { event: use.feature, uuid: use.id, distinct_id: use.device, timestamp: time(use), properties: use.fields },
        ],
      },
      bearer,
    ),
  cloudevents: (use) =>
    post(
      '/v1/cloudevents',
      {
        specversion: '1.0',
        id: use.id,
        source: '/x',
        type: use.feature,
        time: time(use),
        data: { device: use.device, ...use.fields },
      },
      { ...bearer, 'content-type': 'application/cloudevents+json' },
    ),
  'cloudevents in binary mode': (use) =>
    post(
      '/v1/cloudevents',
      { device: use.device, ...use.fields },
      {
        ...bearer,
        'ce-specversion': '1.0',
        'ce-id': use.id,
        'ce-source': '/y',
        'ce-type': use.feature,
        'ce-time': time(use),
      },
    ),
  'otlp in JSON': (use) => post('/v1/logs', JSON.parse(inJson([logOf(use)])), bearer),
  'otlp in protobuf': (use) =>
    post('/v1/logs', inProtobuf([logOf(use)]), { ...bearer, 'content-type': 'application/x-protobuf' }),
  'snowplow by POST': (use) => post('/com.snowplowanalytics.snowplow/tp2', { data: [snowplow(use)] }),
  'snowplow by GET': (use) => get('/i', snowplow(use)),
}

/** An event of a page, counted when it arrives. */
export const pages: Readonly<Record<string, Encode>> = {
  beacon: (use) =>
    post('/v1/beacon', { key, events: [{ id: use.id, feature: use.feature, device: use.device, ...use.fields }] }),
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
export const nameless: Readonly<Record<string, Encode>> = {
  beacon: (use) => post('/v1/beacon', { key, events: [{ id: use.id, feature: use.feature, ...use.fields }] }),
  pixel: (use) => get('/v1/pixel.gif', { key, feature: use.feature, ...texts(use.fields) }),
  plausible: (use) => post('/api/event', { d: key, n: use.feature, u: 'https://x.example/', p: use.fields }),
}

/** An event of a page in a browser that has our cookie, by which it is counted where the page lets it. */
export const remembered: Readonly<Record<string, Encode>> = {
  native: (use) =>
    post('/v1/events', { events: [{ id: use.id, time: time(use), feature: use.feature, ...use.fields }] }, bearer),
  beacon: (use) =>
    post('/v1/beacon', { key, cookie: true, events: [{ id: use.id, feature: use.feature, ...use.fields }] }),
  pixel: (use) => get('/v1/pixel.gif', { key, cookie: '1', feature: use.feature, ...texts(use.fields) }),
  plausible: (use) => post('/api/event', { d: key, n: use.feature, u: 'https://x.example/', p: use.fields }),
}
