/**
 * What the campaign of deletions counts: a catalogue in which each device is a cell of its own (so that a table tells
 * whose events it has), and one released dataset of groups that are large enough to be published.
 */
import path from 'node:path'
import { parseCatalogue } from '../../../shared/catalogue-file.ts'
import { openEmbeddedChoiceLog } from '../../../shared/choices/embedded.ts'
import { choiceKeyFrom, createSubjectHash } from '../../../shared/choices/subject.ts'
import type { Clock } from '../../../shared/clock.ts'
import { openEmbeddedEventLog } from '../../../shared/eventlog/embedded.ts'
import type { EventLog, LogRecord } from '../../../shared/eventlog/port.ts'
import { openEmbeddedKeyValue } from '../../../shared/keyvalue/embedded.ts'
import { openEmbeddedWarehouse } from '../../../shared/warehouse/embedded.ts'
import { dayMs, hourMs } from '../../../shared/window.ts'

/** Of a device, as many as a release counts: more would be lost in the noise's bounds, and its sum withheld. */
export const unitEventsMax = 8

export const catalogue = parseCatalogue(
  `
version: "1"
title: deletions
k: 1
releases: { rho: 1, k: 2 }
features:
  - { id: a, title: A }
dimensions:
  - { id: number, title: Number of the device, from: event, rule: '\\d+', cap: 100 }
  - { id: group, title: Group, from: event, rule: 'g\\d', cap: 9 }
datasets:
  - { id: each, title: Each, dimensions: [number] }
  - id: groups
    title: Groups
    dimensions: [group]
    audience: partners
    release: [{ level: leaf, by: [group], events: ${unitEventsMax}, share: 1 }]
`,
  'deletions',
)

/** Devices of a group; the last ones never choose, and send every now and then what they have sent before. */
export const groups = 3
export const choosersPerGroup = 9
export const steadyPerGroup = 14
export const perGroup = choosersPerGroup + steadyPerGroup
export const devices = groups * perGroup
export const isChooser = (device: number): boolean => device % perGroup < choosersPerGroup
export const groupOf = (device: number): string => `g${Math.floor(device / perGroup)}`

export const day = '2026-11-20'
export const startTime = Date.parse(`${day}T10:00:00Z`)
/** By then the day is to be closed and released; its raw records are still there. */
export const closingTime = Date.parse(day) + 2 * dayMs + hourMs
export const partitions = 2

export type World = Awaited<ReturnType<typeof openWorld>>

/** The engines of one process over `dir`, unsynced: kills are looked at here, power cuts elsewhere. */
export async function openWorld(dir: string, clock: Clock) {
  const choiceKey = choiceKeyFrom('choices of the campaign')
  return {
    log: await openEmbeddedEventLog({
      ...{ dir: path.join(dir, 'log'), partitions, clock, fsync: false, pendingBytesMax: 1e9 },
    }),
    keyValue: await openEmbeddedKeyValue({ dir: path.join(dir, 'key-value'), clock }),
    warehouse: await openEmbeddedWarehouse({ dir: path.join(dir, 'warehouse') }),
    choices: {
      log: await openEmbeddedChoiceLog({ dir: path.join(dir, 'choices'), choiceKey, clock }),
      subjectOf: createSubjectHash(choiceKey),
    },
  }
}

/** Everything that is in the log, partition by partition. */
export async function readLog(log: EventLog): Promise<{ partition: number; record: LogRecord }[]> {
  const found: { partition: number; record: LogRecord }[] = []
  for (const history of await log.history()) {
    const { start, end } = await history.bounds()
    for (let next = start; next < end; ) {
      const { records } = await history.read(next, { records: 1000, bytes: 1e7, waitMs: 0, before: end })
      for (const record of records) found.push({ partition: history.partition, record })
      next = (records.at(-1)?.position ?? end) + 1
    }
    await history.close()
  }
  return found
}
