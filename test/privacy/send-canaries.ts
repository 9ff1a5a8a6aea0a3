/** Senders of every kind that put canaries wherever a sender can put something. */
import { connect } from 'node:net'
import { isbot } from 'isbot'
import type { Headcount } from '../../services/headcount.ts'
import type { EventLog } from '../../shared/eventlog/port.ts'
import { type Answer, type AskedServers, readAnswer } from './answers.ts'
import { type Canary, makeAddressCanary, makeCanary, type Needle, needlesOf, pairNeedles } from './canary.ts'
import { otherDialects } from './send-dialects.ts'
import { sendCloudEvents, sendLogs } from './send-foreign.ts'

const email = (core: string) => `Jane.${core}@example.org`
const browserAgent = (core: string) => `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0 Safari/${core}`
const pagePath = (core: string) => `/dashboard/${core}/edit`

/** What a dialect must not take, in a canary of each. */
const traits = [
  ...(['posthog trait', 'plausible trait', 'snowplow trait', 'rudderstack trait', 'segment-browser trait'] as const),
  ...(['beacon trait', 'pixel trait', 'dcos-signal trait', 'dcos-ui trait'] as const),
  ...(['cloudevents trait', 'otlp trait'] as const),
] as const

/** A browser's agent. One core in some 1,600 looks like the name of a crawler, which is not counted: then another is drawn. */
function makeBrowserCanary(kind: string): Canary {
  for (;;) {
    const canary = makeCanary(kind, browserAgent)
    if (!isbot(canary.value)) return canary
  }
}

/** Canaries of one run. The name says where each is put. */
export function makeCanaries() {
  const names = [
    ...['device', 'cluster', 'cookie field', 'event id', 'version', 'variant', 'package', 'provider', 'feature name'],
    ...['token', 'name', 'undeclared field name', 'cookie header', 'other cookie', 'wrong token', 'query', 'url path'],
    ...['malformed body', 'wrong encoding', 'anonymousId', 'userId', 'messageId', 'phone', 'track name', 'write key'],
    ...[
      'group',
      'declined device',
      'garbage record',
      'quarantined id',
      'late device',
      'ahead device',
      'malformed line',
    ],
    ...['import user', 'quarantined field', 'http method', 'reporting path', 'reporting token'],
    ...['posthog device', 'snowplow device', 'rudderstack device', 'segment-browser device', 'beacon device'],
    ...['pixel device', 'dcos-signal cluster', 'dcos-ui device', ...traits],
  ] as const
  const plain = Object.fromEntries(names.map((name) => [name, makeCanary(name)])) as Record<
    (typeof names)[number],
    Canary
  >
  return {
    ...plain,
    email: makeCanary('email', email),
    path: makeCanary('path', pagePath),
    referer: makeCanary('referer', (core) => `https://intranet.example.org${pagePath(core)}?mail=${email(core)}`),
    'trait email': makeCanary('trait email', email),
    'page url': makeCanary('page url', (core) => `https://dcos.example.org${pagePath(core)}`),
    'import path': makeCanary('import path', pagePath),
    'user agent': makeCanary('user agent', (core) => `agent/1.0 (${core})`),
    'browser user agent': makeBrowserCanary('browser user agent'),
    'plausible agent': makeBrowserCanary('plausible agent'),
    'bot user agent': makeCanary('bot user agent', (core) => `Googlebot/2.1 (+http://www.google.com/bot.html) ${core}`),
    'import user agent': makeBrowserCanary('import user agent'),
    'address 4': makeAddressCanary('address 4', 4),
    'address 6': makeAddressCanary('address 6', 6),
    'browser address': makeAddressCanary('browser address', 6),
    'context address': makeAddressCanary('context address', 4),
    'import address': makeAddressCanary('import address', 4),
  }
}

export type Canaries = ReturnType<typeof makeCanaries>

/** Never taken at all, so in the raw log neither: fields that are not declared, headers, traits, refused requests. */
export const neverTaken: readonly (keyof Canaries)[] = [
  ...(['email', 'path', 'token', 'name', 'undeclared field name', 'other cookie', 'referer', 'wrong token'] as const),
  ...(['query', 'url path', 'malformed body', 'wrong encoding', 'phone', 'write key', 'group'] as const),
  ...(['trait email', 'page url', 'context address', 'declined device', 'feature name', 'track name'] as const),
  ...(['malformed line', 'import user', 'import path', 'http method', 'reporting path', 'reporting token'] as const),
  ...traits,
]

export function allNeedles(canaries: Canaries): Needle[] {
  const addresses = (['address 4', 'address 6', 'browser address', 'import address'] as const).map((k) => canaries[k])
  const agents = (['user agent', 'browser user agent', 'plausible agent', 'import user agent'] as const).map(
    (k) => canaries[k],
  )
  return [
    ...Object.values(canaries).flatMap(needlesOf),
    ...addresses.flatMap((address) => agents.flatMap((agent) => pairNeedles(address, agent))),
  ]
}

/** Sends everything; returns every answer. @param now event time, ms since the Unix epoch */
export async function sendCanaries(headcount: AskedServers, canaries: Canaries, now: number): Promise<Answer[]> {
  const { collectorUrl, credentials } = headcount
  const answers: Answer[] = []
  const value = (name: keyof Canaries) => canaries[name].value
  const send = async (path: string, body?: string | object | Buffer, headers: Record<string, string> = {}) => {
    const all = { authorization: `Bearer ${credentials.writeKey}`, ...from('address 4', 'user agent'), ...headers }
    const given = Object.fromEntries(Object.entries(all).filter(([, text]) => text !== ''))
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    const asked = text === undefined ? { headers: given } : { method: 'POST', body: text, headers: given }
    answers.push(await readAnswer(fetch(collectorUrl + path, asked)))
  }
  const from = (address: keyof Canaries, agent: keyof Canaries) => ({
    'x-forwarded-for': value(address),
    'user-agent': value(agent),
    referer: value('referer'),
    cookie: `session=${value('other cookie')}`,
  })
  const time = new Date(now).toISOString()
  let sent = 0
  const event = (members: object = {}) => ({ id: `${value('event id')}-${sent++}`, time, feature: 'jobs', ...members })
  const undeclared = {
    email: value('email'),
    path: value('path'),
    token: value('token'),
    user: { name: value('name') },
    [value('undeclared field name')]: 1,
  }
  const declared = {
    version: value('version'),
    variant: value('variant'),
    package: value('package'),
    provider: value('provider'),
  }
  const native = [
    event({ device: value('device'), ...undeclared, ...declared }),
    event({ cookie: value('cookie field'), source: 'ui' }),
    event({ feature: 'mesos_track', cluster: value('cluster'), agents: 3, ...declared, ...undeclared }),
    event({ feature: 'package_list', cluster: value('cluster'), package: value('package') }),
    event({ feature: value('feature name'), device: value('device') }),
    event({ device: value('late device'), time: new Date(now - 48 * 3_600_000).toISOString() }),
    event({ device: value('ahead device'), time: new Date(now + 48 * 3_600_000).toISOString() }),
    event({ device: { nested: value('name') } }),
    event(undeclared),
  ]
  const ndjson = { 'content-type': 'application/x-ndjson' }
  const browser = { ...from('browser address', 'browser user agent'), origin: 'https://dcos.example.org' }
  await send('/v1/events', { events: native })
  await send('/v1/events', { events: native })
  await send('/v1/events', `${[event(), event(undeclared)].map((one) => JSON.stringify(one)).join('\n')}\n`, ndjson)
  await send('/v1/events', `${JSON.stringify(event())}\n{"id":"${value('malformed body')}`, ndjson)
  await send('/v1/events', { events: [event()] }, from('address 6', 'user agent'))
  await send('/v1/events', { events: [event({ source: 'ui' })] }, browser)
  await send('/v1/events', { events: [event()] }, { ...browser, cookie: `headcount=${value('cookie header')}` })
  await send('/v1/events', { events: [event()] }, { ...browser, 'user-agent': value('bot user agent') })
  await send(`/v1/events?mail=${value('query')}`, { events: [event()] })
  for (const signal of ['sec-gpc', 'dnt'])
    await send('/v1/events', { events: [event({ device: value('declined device') })] }, { [signal]: '1' })
  // Refused: for their body, their encoding, their token, their place.
  await send('/v1/events', `{"events":[{"id":"${value('malformed body')}`)
  await send('/v1/events', value('malformed body'), { 'content-encoding': 'gzip' })
  await send('/v1/events', { events: [event()] }, { 'content-encoding': value('wrong encoding') })
  await send('/v1/events', { events: [event()] }, { authorization: `Bearer ${value('wrong token')}` })
  await send(`/${value('url path')}?mail=${value('query')}`, {})
  await send(`/v1/events/%zz${value('url path')}`, {})
  await send(
    '/v1/batch',
    { writeKey: value('write key'), batch: [] },
    { authorization: `Basic ${value('wrong token')}` },
  )
  for (const url of [headcount.collectorUrl, headcount.reportingUrl]) {
    answers.push(await wrongMethod(url, value('http method')))
    answers.push(
      await brokenHttp(url, `${value('http method')} /${value('url path')} HTTP/9.9\r\n${value('query')}\r\n\r\n`),
    )
  }
  const analyst = `${headcount.reportingUrl}/api/v1/usage`
  for (const token of [value('reporting token'), credentials.analystToken]) {
    const headers = { authorization: `Bearer ${token}`, ...from('address 4', 'user agent') }
    answers.push(await readAnswer(fetch(`${headcount.reportingUrl}/${value('reporting path')}`, { headers })))
    answers.push(
      await readAnswer(fetch(`${analyst}?dataset=feature_usage&where=feature:${value('feature name')}`, { headers })),
    )
  }
  await sendSegment(send, value, time)
  await sendCloudEvents(send, value, time)
  await sendLogs(send, value, time)
  const { writeKey } = credentials
  for (const sendAll of Object.values(otherDialects)) await sendAll({ send, value, writeKey, time })
  return answers
}

async function sendSegment(
  send: (path: string, body: object, headers?: Record<string, string>) => Promise<void>,
  value: (name: keyof Canaries) => string,
  time: string,
): Promise<void> {
  const traits = { email: value('trait email'), name: value('name'), phone: value('phone') }
  const context = {
    ip: value('context address'),
    userAgent: value('browser user agent'),
    page: { url: value('page url'), path: value('path'), referrer: value('referer') },
    traits,
  }
  const item = (members: object) => ({ anonymousId: value('anonymousId'), timestamp: time, context, ...members })
  await send('/v1/identify', item({ userId: value('userId'), traits }))
  await send('/v1/group', item({ groupId: value('group'), traits }))
  await send('/v1/alias', item({ previousId: value('userId'), userId: value('phone') }))
  await send('/v1/page', item({ properties: { path: '/dashboard', url: value('page url'), title: value('name') } }))
  await send('/v1/page', item({ properties: { path: value('path') } }))
  await send('/v1/track', item({ event: 'jobs', messageId: value('messageId'), properties: { email: value('email') } }))
  await send('/v1/track', item({ event: value('track name'), properties: { version: value('version') } }))
  await send('/v1/batch', {
    batch: [
      { type: 'track', event: 'jobs', userId: value('userId'), properties: { ...traits, provider: value('provider') } },
      { type: 'screen', name: value('track name'), userId: value('userId') },
      { type: value('track name'), userId: value('userId') },
    ],
  })
}

/** Access log lines, and records in the log that no collector of ours wrote. */
export async function plantInLog({ desk, engines }: Headcount, canaries: Canaries, now: number): Promise<void> {
  const value = (name: keyof Canaries) => canaries[name].value
  const client = `${value('import address')} - ${value('import user')} [19/Nov/2026:10:00:00 +0000]`
  const line = `${client} "GET ${value('import path')}?token=${value('token')} HTTP/1.1" 200 1 "${value('referer')}" "${value('import user agent')}"`
  const { appended, malformed } = await desk.append(
    [
      { occurrence: 1, line },
      { occurrence: 2, line },
      { occurrence: 1, line: `${value('malformed line')} ${line.slice(0, 30)}` },
    ],
    'combined',
    true,
  )
  if (appended !== 2 || malformed.length !== 1) throw new Error('the lines are not what they should be')
  await plantRecords(engines.log, canaries, now)
}

/** Records in the log that no collector of ours wrote. */
export async function plantRecords(log: Pick<EventLog, 'append'>, canaries: Canaries, now: number): Promise<void> {
  const value = (name: keyof Canaries) => canaries[name].value
  // By hand, as encodeRecord cannot make what is wrong with these.
  const [id, field] = [value('quarantined id'), value('quarantined field')]
  const shapes = [['jobs', { version: { [field]: field } }], [id, [field]], { [field]: id }]
  const columns = [shapes, [id, { [id]: id }, id, id], [now, now, id, now], [0, 1, 2, id]]
  const record = [1, now, 'node', value('address 4'), value('user agent'), 'device', value('device'), ...columns]
  await log.append([
    { partition: 0, value: Buffer.from(`${value('garbage record')} is no record`) },
    { partition: 1, value: Buffer.from(JSON.stringify(record)) },
  ])
}

function wrongMethod(url: string, canary: string): Promise<Answer> {
  return readAnswer(fetch(`${url}/v1/events?mail=${canary}`, { method: 'DELETE', headers: { 'x-note': canary } }))
}

/** Bytes that no HTTP client would send. */
function brokenHttp(url: string, bytes: string): Promise<Answer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve({ where: 'answer to broken HTTP', status: 0, text }))
  })
}
