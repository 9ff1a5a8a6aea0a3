/**
 * A CloudEvent as an event. `type` says what was used. Declared fields and identifiers are looked for in `data`, when
 * that is a JSON object, then among the extension attributes. `subject`, and anything else, is not read; `source` only
 * for telling events apart: it names a context, which all devices of a product may share, so it is nobody's identifier.
 */
import { hash } from 'node:crypto'
import type { Catalogue } from '../../../shared/catalogue.ts'
import { parseTime } from '../../../shared/rfc3339.ts'
import { type Mark, markIn } from '../privacy/event-marks.ts'
import type { Sender } from '../unit-groups.ts'
import { coreAttributes } from './cloudevents-form.ts'
import { correctedTime } from './event-time.ts'
import { parseBody } from './foreign-body.ts'
import type { ForeignEvent } from './foreign-event.ts'
import { identifierOf, isMembers, type Members, member } from './members.ts'

const jsonType = /^[^;]*[/+]json\s*(;|$)/i

/** @param event checked (`wrongInCloudEvent`); its data as `dataOf` makes it */
export function cloudEvent(event: Members, data: Members, declared: Catalogue['fields'], sender: Sender): ForeignEvent {
  const read = (name: string) => member(data, name) ?? extension(event, name)
  const time = member(event, 'time')
  return {
    id: hash('sha256', JSON.stringify([member(event, 'source'), member(event, 'id')]), 'hex'),
    time: correctedTime(typeof time === 'string' ? parseTime(time) : Number.NaN, Number.NaN, sender.receivedAt),
    about: { name: member(event, 'type') },
    identifiers: {
      device: identifierIn(data, event, 'device', 'deviceid'),
      cookie: identifierIn(data, event, 'cookie'),
      cluster: identifierIn(data, event, 'cluster', 'clusterid', 'clusterId'),
    },
    mark: markOf(event, data, declared),
    route: sender.route,
    userAgent: sender.userAgent,
    policy: read('policy'),
    field: read,
  }
}

/** The data of an event of the JSON format; empty when it has none, or none that is a JSON object. */
export function dataOf(event: Members): Members {
  const data = member(event, 'data')
  if (isMembers(data)) return data
  const base64 = member(event, 'data_base64')
  return typeof base64 === 'string' ? dataFrom(Buffer.from(base64, 'base64'), member(event, 'datacontenttype')) : {}
}

/** Opaque unless it is a JSON object: what a label promises of it makes an event neither valid nor invalid. */
export function dataFrom(bytes: Buffer, mediaType: unknown): Members {
  if (bytes.length === 0 || (mediaType !== undefined && mediaType !== null && !jsonType.test(String(mediaType))))
    return {}
  try {
    const data = parseBody(bytes)
    return isMembers(data) ? data : {}
  } catch {
    return {}
  }
}

function extension(event: Members, name: string): unknown {
  return coreAttributes.has(name) ? undefined : member(event, name)
}

function identifierIn(data: Members, event: Members, ...names: readonly string[]): unknown {
  for (const place of [data, event])
    for (const name of names) {
      const id = identifierOf(place, name)
      if (id !== undefined) return id
    }
  return undefined
}

function markOf(event: Members, data: Members, declared: Catalogue['fields']): Mark | undefined {
  const marks = [markIn(data, declared), markIn(event, declared)]
  return marks.find((mark) => mark === 'child') ?? marks.find((mark) => mark !== undefined)
}
