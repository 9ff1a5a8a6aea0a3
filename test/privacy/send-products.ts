/** Canaries where libraries of PostHog, Plausible and Snowplow put something about somebody. */
import { base64, type DialectSending, everything, keyInBody } from './dialect-sending.ts'

export async function sendPosthog({ send, value, writeKey, time }: DialectSending): Promise<void> {
  const [device, trait] = [value('posthog device'), value('posthog trait')]
  const properties = {
    ...everything(value, trait),
    ...{ $device_id: device, $ip: value('context address'), $session_id: value('token'), $lib: 'web' },
    ...{ $current_url: value('page url'), $referrer: value('referer'), $raw_user_agent: value('browser user agent') },
    ...{ $set: { email: value('trait email'), trait }, $set_once: { name: value('name') } },
    ...{ $groups: { company: value('group') }, $user_id: value('phone'), $el_text: trait },
  }
  let sent = 0
  const item = (event: string, more: object = {}) => ({
    ...{ event, uuid: `${value('event id')}-posthog-${sent++}`, distinct_id: trait, timestamp: time },
    properties: { ...properties, ...more },
  })
  const batch = [
    ...[item('jobs'), item('$pageview', { $pathname: value('path') }), item('$screen', { $screen_name: trait })],
    ...[item('$identify', { $anon_distinct_id: trait }), item('$create_alias', { alias: trait })],
    ...[item('$groupidentify', { $group_key: value('group'), $group_set: { trait } }), item('$set'), item(trait)],
  ]
  await send('/batch/', { api_key: writeKey, batch, sent_at: time, trait }, keyInBody)
  const form = new URLSearchParams({
    data: Buffer.from(JSON.stringify([{ ...item('jobs'), api_key: writeKey }])).toString('base64'),
  })
  await send(`/e/?compression=base64&ip=${trait}`, String(form), keyInBody)
  // Its answer has to name the uuids.
  const answered = [item('jobs'), { ...item(trait), timestamp: trait }]
  await send('/i/v1/analytics/events', { batch: answered.map((one, at) => ({ ...one, uuid: `answered-${at}` })) })
  await send('/flags/?v=2', { token: writeKey, distinct_id: device, person_properties: properties }, keyInBody)
  await send(`/array/${writeKey}/config?trait=${trait}`, undefined, keyInBody)
  await send('/batch/', { api_key: trait, batch }, keyInBody)
}

export async function sendPlausible({ send, value, writeKey }: DialectSending): Promise<void> {
  const trait = value('plausible trait')
  const headers = { ...keyInBody, 'content-type': 'text/plain', 'user-agent': value('plausible agent') }
  const p = everything(value, trait)
  const visit = { d: writeKey, u: value('page url'), r: value('referer'), p, m: p, trait, revenue: { amount: trait } }
  const hash = `https://x.example/?mail=${value('query')}#/${trait}?token=${value('token')}`
  for (const sent of [
    ...[{ n: 'jobs' }, { n: 'pageview' }, { n: 'pageview', u: hash, h: 1 }, { n: trait }, { n: value('track name') }],
    ...[
      { n: 'jobs', p: JSON.stringify(p) },
      { n: 'engagement', sd: trait, e: 1 },
      { n: 'jobs', d: trait },
      { n: [trait] },
    ],
  ])
    await send('/api/event', { ...visit, ...sent }, headers)
}

export async function sendSnowplow({ send, value, writeKey, time }: DialectSending): Promise<void> {
  const [device, trait] = [value('snowplow device'), value('snowplow trait')]
  const data = everything(value, trait)
  const described = { data: { schema: `iglu:com.acme/jobs/jsonschema/1-0-0`, data } }
  const entities = {
    data: [
      { schema: `iglu:${trait}`, data },
      { schema: 'x', data: { email: value('trait email') } },
    ],
  }
  let sent = 0
  const item = (e: string, more: object = {}): Record<string, string> => ({
    ...{ e, eid: `${value('event id')}-snowplow-${sent++}`, aid: writeKey, dtm: String(Date.parse(time)), tv: trait },
    ...{
      duid: device,
      uid: trait,
      nuid: trait,
      tnuid: value('phone'),
      sid: value('token'),
      ip: value('context address'),
    },
    ...{ url: value('page url'), refr: value('referer'), page: value('name'), ua: value('browser user agent') },
    ...{ cx: base64(entities), ...more },
  })
  const items = [
    item('ue', { ue_px: base64(described) }),
    item('ue', { ue_pr: JSON.stringify(described), cx: '', co: JSON.stringify(entities) }),
    item('ue', { ue_px: base64({ data: { schema: `iglu:com.acme/${trait}/jsonschema/1-0-0`, data } }) }),
    ...[item('pv'), item('pp'), item('se', { se_ca: trait, se_ac: value('track name'), se_la: trait, se_pr: trait })],
    ...[item('tr', { tr_id: trait, tr_em: value('email') }), item('ti', { ti_nm: trait }), item(trait)],
  ]
  const path = '/com.snowplowanalytics.snowplow/tp2'
  await send(path, { schema: `iglu:${trait}`, data: items }, keyInBody)
  await send(path, { data: items.map((one) => ({ ...one, aid: trait })) }, keyInBody)
  for (const one of items) await send(`/i?${new URLSearchParams(one)}`, undefined, keyInBody)
}
