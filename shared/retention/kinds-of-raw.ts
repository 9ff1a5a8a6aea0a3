/** Kinds of data about somebody: raw records, and who has chosen what. */
import { historyMax } from '../choices/port.ts'
import { inWords, type KindOfData } from './kind-of-data.ts'
import { deletionMs, rawGoneMs, rawRetentionMs, spoolMs } from './limits.ts'

export const rawKinds: readonly KindOfData[] = [
  {
    id: 'raw-records',
    title: 'Raw records in the event log',
    contains: 'events as they were received: identifier or address, user agent, times, features',
    about: 'identified',
    where: { embedded: 'event-log/, a file per partition and hour', servers: 'Kafka topic …-events' },
    places: { files: ['event-log/'] },
    keptMs: rawRetentionMs,
    since: 'made',
    howLong: `${inWords(rawRetentionMs)}; the last byte is gone after ${inWords(rawGoneMs)}`,
    removedBy: {
      embedded: 'the upkeep unlinks the file of an hour, looking every 10 minutes',
      servers: 'Kafka: retention.ms, segments of an hour; compared at each start',
    },
    heldAs: 'raw',
  },
  {
    id: 'spooled-records',
    title: 'Raw records that wait for the event log',
    contains: 'as raw records',
    about: 'identified',
    where: { embedded: 'nowhere: the log is in the same process', servers: 'collector/spool/ of each collector' },
    places: { files: ['collector/spool/'] },
    keptMs: spoolMs,
    since: 'made',
    howLong: `until Kafka has them, at most ${inWords(spoolMs)}`,
    removedBy: {
      embedded: 'not made',
      servers: 'the collector removes a folder once it is read, or when its time is over',
    },
  },
  {
    id: 'choices',
    title: 'Opt-outs and opt-ins',
    contains: 'keyed hash of the identifier, what was chosen and when, policy version, case of an operator',
    about: 'pseudonymous',
    where: { embedded: 'choices/choices.log', servers: 'Kafka topic …-choices, compacted' },
    places: { files: ['choices/'] },
    howLong: `until they are undone and ${historyMax} newer ones were made, or their history is removed on request`,
    removedBy: {
      embedded: 'the file is written anew',
      servers: 'a tombstone, and Kafka’s compaction within 24 hours',
    },
  },
  {
    id: 'deletions',
    title: 'Deletions',
    contains: 'keyed hash of the identifier, time, case of an operator; the ledger has its id without the hash',
    about: 'pseudonymous',
    where: { embedded: 'choices/choices.log', servers: 'Kafka topic …-choices, compacted' },
    places: { files: ['choices/'] },
    keptMs: deletionMs,
    since: 'made',
    howLong: `${inWords(deletionMs)}: by then the raw records that it cuts out are gone`,
    removedBy: {
      embedded: 'the upkeep has the file written anew',
      servers: 'the upkeep writes a tombstone; Kafka compacts within 24 hours',
    },
    // What is held beyond its time is still to be cut out.
    heldAs: 'raw',
  },
]
