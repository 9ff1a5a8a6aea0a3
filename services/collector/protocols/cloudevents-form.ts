/**
 * What makes an object a CloudEvent (core specification 1.0.2 and its JSON format). Values of extensions are not judged:
 * they are read under declared names or not at all.
 */
import { parseTime } from '../../../shared/rfc3339.ts'
import { isMembers, type Members, member } from './members.ts'

/** Attributes that the specification itself defines: context of the event, never declared fields. */
export const coreAttributes: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'datacontenttype',
  'dataschema',
  'subject',
  'time',
])
const requiredTexts = ['id', 'source', 'type'] as const
const optionalTexts = ['dataschema', 'subject'] as const
/** Members of the JSON format that are no attributes. */
const dataMembers: ReadonlySet<string> = new Set(['data', 'data_base64'])
const attributeName = /^[a-z0-9]+$/
const mediaType = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*(;.*)?$/s

/** @returns what is wrong with it, as a sentence that quotes nothing of it; undefined when it is a CloudEvent */
export function wrongInCloudEvent(event: unknown): string | undefined {
  if (!isMembers(event)) return 'An event must be a JSON object.'
  if (member(event, 'specversion') !== '1.0') return '`specversion` must be "1.0"; other versions are not read.'
  return wrongTexts(event) ?? wrongTime(event) ?? wrongMediaType(event) ?? wrongNames(event)
}

function wrongTexts(event: Members): string | undefined {
  for (const name of requiredTexts)
    if (!isText(member(event, name))) return `\`${name}\` is required: a string that is not empty.`
  for (const name of optionalTexts)
    if (isThere(event, name) && !isText(member(event, name))) return `\`${name}\` must be a string that is not empty.`
  return undefined
}

function wrongTime(event: Members): string | undefined {
  if (!isThere(event, 'time')) return undefined
  const time = member(event, 'time')
  if (typeof time === 'string' && !Number.isNaN(parseTime(time))) return undefined
  return '`time` must be RFC 3339 and not before 1970, for example 2026-11-23T10:15:00Z.'
}

function wrongMediaType(event: Members): string | undefined {
  if (!isThere(event, 'datacontenttype')) return undefined
  const type = member(event, 'datacontenttype')
  return typeof type === 'string' && mediaType.test(type)
    ? undefined
    : '`datacontenttype` must be a media type (RFC 2046), for example application/json.'
}

function wrongNames(event: Members): string | undefined {
  if (isThere(event, 'data') && isThere(event, 'data_base64')) return '`data` and `data_base64` exclude each other.'
  for (const name in event)
    if (!attributeName.test(name) && !dataMembers.has(name))
      return 'Names of attributes have lower-case letters and digits only.'
  return undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** `null` counts as absent: JSON format, 2.2. */
function isThere(event: Members, name: string): boolean {
  const value = member(event, name)
  return value !== undefined && value !== null
}
