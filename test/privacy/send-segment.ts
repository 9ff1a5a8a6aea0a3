/** Canaries where RudderStack, a browser, DC/OS' nodes and its UI put something about somebody in Segment's dialect. */
import { gzipSync } from 'node:zlib'
import { signalRun } from '../fixtures/dcos-signal.ts'
import { uiVisit } from '../fixtures/dcos-ui.ts'
import { basic, type DialectSending, everything, keyInBody } from './dialect-sending.ts'

function segmentItems({ value, time }: DialectSending, name: string, device: string, trait: string): object[] {
  const context = {
    ...{ ip: value('context address'), traits: { email: value('trait email'), trait }, locale: trait },
    ...{ page: { url: value('page url'), path: value('path'), referrer: value('referer'), title: trait } },
    ...{ device: { id: trait, advertisingId: trait }, network: { carrier: trait }, campaign: { name: value('name') } },
    userAgent: value('browser user agent'),
  }
  const traits = everything(value, trait)
  const item = (type: string, members: object) => ({
    ...{ type, messageId: `${value('event id')}-${name}-${type}`, anonymousId: device, userId: trait, context },
    ...{ originalTimestamp: time, integrations: { [trait]: true }, ...members },
  })
  return [
    item('track', { event: 'jobs', properties: traits }),
    item('page', { name: trait, properties: { ...traits, url: value('page url'), title: value('name') } }),
    item('screen', { name: trait, properties: traits }),
    item('identify', { traits }),
    item('group', { groupId: value('group'), traits }),
    item('alias', { previousId: trait }),
  ]
}

export async function sendRudderStack(sending: DialectSending): Promise<void> {
  const { send, value, writeKey, time } = sending
  const trait = value('rudderstack trait')
  const batch = segmentItems(sending, 'rudderstack', value('rudderstack device'), trait)
  const body = gzipSync(JSON.stringify({ batch, sentAt: time, trait }))
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' }
  await send('/v1/batch', body, { ...basic(writeKey), ...headers })
}

export async function sendSegmentBrowser(sending: DialectSending): Promise<void> {
  const { send, value, writeKey, time } = sending
  const trait = value('segment-browser trait')
  const items = segmentItems(sending, 'segment-browser', value('segment-browser device'), trait)
  const headers = { ...keyInBody, 'content-type': 'text/plain', origin: 'https://dcos.example.org' }
  await send('/v1/b', { batch: items, writeKey, sentAt: time, trait }, headers)
  for (const [at, letter] of ['t', 'p', 's', 'i', 'g', 'a'].entries())
    await send(`/v1/${letter}`, { ...items[at], messageId: undefined, writeKey }, headers)
}

export async function sendDcos({ send, value, writeKey, time }: DialectSending): Promise<void> {
  const trait = value('dcos-signal trait')
  const cluster = {
    ...{ clusterId: value('dcos-signal cluster'), customerKey: trait, licenseId: value('token'), version: trait },
    ...{ variant: trait, provider: trait, agents: 3, frameworks: [trait, value('name')] },
    ...{
      units: { 'dcos-net.service': 1, [`${trait}.service`]: 2 },
      packages: [{ appId: `/${trait}/${value('name')}` }],
    },
  }
  for (const { body, headers } of signalRun(cluster, Date.parse(time)))
    await send('/v1/batch', body, { ...headers, ...basic(writeKey) })
  const user = { anonymousId: value('dcos-ui device'), email: value('trait email'), clusterId: value('dcos-ui trait') }
  for (const { path, body } of uiVisit(user, [['/jobs', `/jobs/${value('dcos-ui trait')}`]], Date.parse(time)))
    await send(path, body, { ...basic(writeKey), origin: 'https://dcos.example.org' })
}
