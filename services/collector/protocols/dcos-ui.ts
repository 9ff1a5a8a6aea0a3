/**
 * Calls of DC/OS' own UI, which says with each what it runs in: `appVersion`, `clusterId` and the members of the cluster's
 * dcos-version.json, among them `version` and `dcos-variant`. It does not say that it is the UI, as Segment knew by the key.
 */
import type { DeclaredValues } from './declared-values.ts'
import type { ForeignEvent } from './foreign-event.ts'
import { isMembers, type Members, member, membersOf } from './members.ts'

/** The event of an item, with what the UI says in its own words if it is one of the UI's. */
export function ofDcosUi(item: unknown, event: ForeignEvent, declared: DeclaredValues): ForeignEvent {
  const properties = isMembers(item) ? membersOf(item, 'properties') : {}
  if (typeof member(properties, 'appVersion') !== 'string' || typeof member(properties, 'clusterId') !== 'string')
    return event
  return { ...event, field: (name) => event.field(name) ?? declared.valueOf(name, ownWord(properties, name)) }
}

function ownWord(properties: Members, field: string): unknown {
  if (field === 'source') return 'ui'
  return field === 'variant' ? member(properties, 'dcos-variant') : undefined
}
