/** Canaries where senders of CloudEvents and of OpenTelemetry logs can put something. */
import { type Attributes, inJson, inProtobuf, type Value } from '../services/collector/protocols/otlp-message.ts'
import type { Canaries } from './send-canaries.ts'

type Send = (path: string, body: string | object | Buffer, headers?: Record<string, string>) => Promise<void>
type CanaryValue = (name: keyof Canaries) => string

export async function sendCloudEvents(send: Send, value: CanaryValue, time: string): Promise<void> {
  const data = {
    email: value('email'),
    user: { name: value('name') },
    [value('undeclared field name')]: value('cloudevents trait'),
    token: value('token'),
    version: value('version'),
  }
  const event = (members: object) => ({
    ...{ specversion: '1.0', id: value('event id'), source: value('page url'), type: 'jobs', time },
    ...{
      subject: value('path'),
      dataschema: value('referer'),
      authid: value('cloudevents trait'),
      ip: value('context address'),
    },
    ...members,
  })
  const events = [
    event({ deviceid: value('device'), data }),
    event({ cookie: value('cookie field'), data_base64: Buffer.from(JSON.stringify(data)).toString('base64') }),
    event({ type: 'mesos_track', clusterid: value('cluster'), data: { ...data, agents: 3 } }),
    event({ type: value('feature name'), data: value('name') }),
    event({ data: { ...data, device: { nested: value('name') } } }),
  ]
  const json = { 'content-type': 'application/cloudevents+json' }
  await send('/v1/cloudevents', events, { 'content-type': 'application/cloudevents-batch+json' })
  for (const one of events) await send('/v1/cloudevents', one, json)
  await send('/v1/cloudevents', event({ [value('undeclared field name')]: value('name'), type: value('name') }), json)
  await send('/v1/cloudevents', event({ specversion: value('malformed body') }), json)
  const headers = {
    ...{ 'ce-specversion': '1.0', 'ce-id': value('event id'), 'ce-source': value('page url'), 'ce-type': 'jobs' },
    ...{ 'ce-subject': value('path'), 'ce-authid': value('cloudevents trait'), 'ce-deviceid': value('device') },
  }
  await send('/v1/cloudevents', data, { ...headers, 'content-type': 'application/json' })
  await send('/v1/cloudevents', value('malformed body'), { ...headers, 'content-type': 'application/json' })
  await send('/v1/cloudevents', data, { ...headers, 'ce-time': value('malformed body') })
}

export async function sendLogs(send: Send, value: CanaryValue, time: string): Promise<void> {
  const at = BigInt(Date.parse(time)) * 1_000_000n
  const nested: Value = { email: value('email'), list: [value('name'), Buffer.from(value('token'))] }
  const attributes: Attributes = {
    ...{ 'user.email': value('email'), 'user.name': value('name'), 'url.full': value('page url') },
    ...{ 'client.address': value('context address'), [value('undeclared field name')]: value('otlp trait'), nested },
    version: value('version'),
  }
  const record = (eventName: string, more: Attributes) => ({
    ...{ eventName, time: at, attributes: { ...attributes, ...more } },
    body: { text: value('path'), nested },
  })
  const records = [
    record('jobs', { device: value('device'), 'log.record.uid': value('event id') }),
    record('mesos_track', { cluster: value('cluster'), agents: 3n }),
    record(value('feature name'), {}),
    record('', { 'event.name': value('track name') }),
    record('', {}),
    record('jobs', { device: nested }),
  ]
  const resource = {
    'host.name': value('otlp trait'),
    'process.command_line': value('path'),
    'service.name': value('group'),
  }
  const protobuf = { 'content-type': 'application/x-protobuf' }
  const json = { 'content-type': 'application/json' }
  await send('/v1/logs', inJson(records, resource), json)
  await send('/v1/logs', inProtobuf(records, resource), protobuf)
  await send('/v1/logs', `{"resourceLogs":"${value('malformed body')}"}`, json)
  await send('/v1/logs', inProtobuf(records, resource).subarray(0, -1), protobuf)
  await send('/v1/logs', value('malformed body'), protobuf)
}
