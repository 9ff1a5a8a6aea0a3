/** Entries of the key-value store that are no secrets: those with a time to live, and those that are overwritten. */
import { everywhere, inWords, type KindOfData } from './kind-of-data.ts'
import { eventIdsMs, freshnessMs, knownValuesMs, quarantineMs, sealRequestMs } from './limits.ts'

const where = { embedded: 'key-value/values', servers: 'Redis' }
const files = ['key-value/values/']
const expires = everywhere('its time to live; the upkeep sweeps every 10 minutes')

export const entryKinds: readonly KindOfData[] = [
  {
    id: 'event-ids',
    title: 'Hashes of event ids',
    contains:
      '16-byte keyed hash of each event’s id, its place in the log and its time; against counting a retry twice',
    about: 'pseudonymous',
    where,
    places: { entries: ['ids/', 'ids-complete/'], files },
    keptMs: eventIdsMs,
    since: 'made',
    howLong: inWords(eventIdsMs),
    removedBy: expires,
  },
  {
    id: 'import-memory',
    title: 'What was imported',
    contains: 'as hashes of event ids, and when lines of a day were last imported',
    about: 'pseudonymous',
    where,
    places: { entries: ['ids/', 'import/'], files },
    howLong: 'until the day, week or month has closed',
    removedBy: everywhere('the close of the epoch'),
  },
  {
    id: 'known-values',
    title: 'Values let in under a dimension’s cap',
    contains: 'for example version numbers of a day; from which senders, it does not say',
    about: 'nobody',
    where,
    places: { entries: ['known-values/'], files },
    keptMs: knownValuesMs,
    since: 'made',
    howLong: inWords(knownValuesMs),
    removedBy: expires,
  },
  {
    id: 'quarantine',
    title: 'Quarantine',
    contains: 'of events that could not be counted: reason, shape and place in the log, no value',
    about: 'nobody',
    where,
    places: { entries: ['quarantine/'], files },
    keptMs: quarantineMs,
    since: 'made',
    howLong: inWords(quarantineMs),
    removedBy: expires,
  },
  {
    id: 'seal-requests',
    title: 'Requests for a release, and how far a seal is',
    contains: 'the day, positions of the log, percentages',
    about: 'nobody',
    where,
    places: { entries: ['release-request/', 'seal-state/', 'seal/'], files },
    keptMs: sealRequestMs,
    since: 'made',
    howLong: `until the day is published, at most ${inWords(sealRequestMs)}; positions until it is sealed or given up`,
    removedBy: everywhere('the sealing job; its time to live'),
  },
  {
    id: 'rate-limits',
    title: 'Requests of each partner',
    contains: 'two counters a partner; counters of addresses are in the memory of a process, for a minute',
    about: 'nobody',
    where,
    places: { entries: ['partner-requests/'], files },
    howLong: 'overwritten with each request',
    removedBy: everywhere('nothing: one entry a partner'),
  },
  {
    id: 'progress',
    title: 'How far workers are',
    contains: 'positions of the log, freshness, what is being closed, leases, the store’s name, the ledger’s head',
    about: 'nobody',
    where,
    places: {
      entries: ['progress/', 'freshness/', 'closing/', 'lease/', 'identity', 'restored/', 'ledger/head'],
      files,
    },
    howLong: `overwritten; freshness ${inWords(freshnessMs)}`,
    removedBy: everywhere('overwritten by the workers'),
  },
]
