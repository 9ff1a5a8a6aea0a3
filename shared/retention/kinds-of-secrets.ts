/** Secrets of the key-value store: what is removed is overwritten and gone from every file. */
import { type EpochKind, epochKinds } from '../window.ts'
import { everywhere, inWords, type KindOfData } from './kind-of-data.ts'
import { epochKeyMs, eventIdsMs } from './limits.ts'

const where = {
  embedded: 'key-value/secrets/, a file each',
  servers: 'Redis, secrets',
}
const files = ['key-value/secrets/']
const destroyed = {
  embedded: 'overwritten, synced, unlinked; a tombstone stays',
  servers: 'deleted, both files of Redis rewritten; a tombstone stays',
}

export const secretKinds: readonly KindOfData[] = [
  ...epochKinds.map(epochKey),
  {
    id: 'event-id-keys',
    title: 'Keys of event id hashes',
    contains: 'random key of a UTC day; with it a known event id can be looked for among the hashes',
    about: 'pseudonymous',
    where,
    places: { secrets: ['ids/'], files },
    keptMs: eventIdsMs,
    since: 'end of its epoch',
    howLong: `${inWords(eventIdsMs)} after its day`,
    removedBy: destroyed,
  },
  {
    id: 'seal-keys',
    title: 'Keys of the sealing job',
    contains: 'random key under which a day’s devices are counted once more for its releases',
    about: 'pseudonymous',
    where,
    places: { secrets: ['seal/'], files },
    keptMs: epochKeyMs,
    since: 'end of its epoch',
    howLong: `until the day is sealed, at most ${inWords(epochKeyMs)} after it`,
    removedBy: destroyed,
  },
  {
    id: 'link-key',
    title: 'Key of partners’ links',
    contains: 'random key; with it a link to a published file can be signed, for 15 minutes',
    about: 'nobody',
    where,
    places: { secrets: ['partner-links'], files },
    howLong: 'as long as the installation',
    removedBy: everywhere('nothing'),
  },
  {
    id: 'destroyed-names',
    title: 'Names of destroyed keys',
    contains: 'which days, weeks and months have closed; nothing of the key',
    about: 'nobody',
    where,
    places: { files },
    howLong: 'as long as the installation: none of them may ever be made again',
    removedBy: everywhere('nothing'),
  },
]

function epochKey(kind: EpochKind): KindOfData {
  return {
    id: `epoch-keys-${kind}`,
    title: `Keys of the pseudonyms of a ${kind}`,
    contains: `random key of a UTC ${kind}; with it a known identifier can be looked for among open cells`,
    about: 'pseudonymous',
    where,
    places: { secrets: [`epoch/${kind}:`], files },
    keptMs: epochKeyMs,
    since: 'end of its epoch',
    howLong: `until the ${kind} has closed (a day after it, once all is counted), at most ${inWords(epochKeyMs)} after it`,
    removedBy: destroyed,
  }
}
