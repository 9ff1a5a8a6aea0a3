/**
 * deduplicate: senders retry, every master of a cluster reports, files are imported twice. An event counts once per
 * unit and event id, and once per unit and natural key where its feature has one.
 *
 * What is remembered is a keyed fingerprint of 16 bytes per id (id-fingerprint.ts), never the id: for live ids under a
 * key per UTC day of the append (destroyed with the raw records), for 24 h (and 5 minutes); for imported lines under the key of the
 * line's own day, until that day closes. Each batch leaves one blob in the key-value store before its cells are
 * stored, so that the memory can be rebuilt.
 */
import { Drop } from '../../shared/drop-reason.ts'
import { fingerprintBytes } from './id-fingerprint.ts'
import type { IdMemory } from './id-memory.ts'
import type { Observation } from './observation.ts'
import { isImport } from './place-in-time.ts'

/** Most events of one record; with the record's position they make one exact number. */
const eventsPerRecordMax = 2 ** 17

export function deduplicate(seen: Observation, tools: { ids: IdMemory }): Observation | Drop {
  const place = seen.sender.position * eventsPerRecordMax + seen.index
  const natural = naturalKey(seen)
  // Both are remembered in any case: a retry of a report that was dropped for its slot has the same id.
  const byId = isKnownId(seen, place, tools.ids)
  const byKey = natural !== undefined && isKnownText(seen, natural, place, tools.ids)
  return byId || byKey ? new Drop('duplicate') : seen
}

/** By the fingerprints that were worked out for the whole batch. */
function isKnownId(seen: Observation, place: number, ids: IdMemory): boolean {
  const { sender, index, id } = seen
  if (!sender.fingerprints) return isKnownText(seen, id, place, ids)
  const { today, earlier, from } = sender.fingerprints
  const at = from + index * fingerprintBytes
  // The window reaches back over midnight, to what is remembered under the key of the day before.
  for (const bytes of earlier) if (ids.seenBefore(bytes, place, sender.appendedAt, at)) return true
  return ids.seenLive(today, place, sender.appendedAt, at)
}

/** The same for a text by itself. */
function isKnownText({ sender, time }: Observation, text: string, place: number, ids: IdMemory): boolean {
  const { unit, appendedAt } = sender
  if (isImport(sender)) return ids.seenInImport(time, ids.imported(time, unit, text), place, appendedAt)
  for (const before of ids.earlier(appendedAt, unit, text)) if (ids.seenBefore(before, place, appendedAt)) return true
  return ids.seenLive(ids.today(appendedAt, unit, text), place, appendedAt)
}

/** The fields that make two reports one, and the slot of their time; undefined when the feature has no natural key. */
export function naturalKey({ shape, sender, time }: Observation): string | undefined {
  const key = shape.naturalKey
  if (!key) return undefined
  const values = key.fields.map((field) => (field === 'cluster' ? sender.unit.id : (shape.fields[field] ?? '')))
  // A control character first: no event id has one.
  return `\0${shape.feature}\0${Math.floor(time / key.slotMs)}\0${values.join('\0')}`
}
