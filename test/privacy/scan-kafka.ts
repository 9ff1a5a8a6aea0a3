/**
 * What a broker has on its disk: the bytes of every file, and every record of every topic decoded from its segments (those
 * of commits and of the cluster's own metadata too), since a compressed one shows nothing in the bytes.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { decodeRecord } from '../../shared/event.ts'
import { decodeBatches, type KeyedRecord } from '../../shared/eventlog/kafka-batch.ts'
import { lookThrough } from '../fixtures/live-folder.ts'
import type { NeedleSearch } from './needle-search.ts'
import { type Finding, scanBytes } from './scan.ts'

export interface KafkaFindings {
  /** In records of the events' topic that are still within their time, where raw records may be. */
  readonly allowed: Finding[]
  readonly elsewhere: Finding[]
}

export interface KafkaScan {
  readonly search: NeedleSearch
  /** Of a broker, logs of the server included. */
  readonly dir: string
  readonly eventsTopic: string
  /** Records that were appended before it are past their time; ms since the Unix epoch. */
  readonly notBefore: number
}

export function scanKafka({ search, dir, eventsTopic, notBefore }: KafkaScan): Promise<KafkaFindings> {
  return lookThrough(dir, async (entries) => {
    const found: KafkaFindings = { allowed: [], elsewhere: [] }
    for (const { file, name, isFile } of entries) {
      found.elsewhere.push(...scanBytes(search, `name of ${name}`, name))
      if (!isFile) continue
      const bytes = await readFile(file)
      const segment = segmentOf(name)
      const records = segment === undefined ? [] : decodeBatches(bytes).records
      const [mayHave, mustNot]: KeyedRecord[][] = [[], []]
      for (const record of records)
        (segment === eventsTopic && record.appendedAt >= notBefore ? mayHave : mustNot)?.push(record)
      const allowed = (mayHave ?? []).flatMap((record) => scanRecord(search, name, record))
      found.allowed.push(...allowed)
      found.elsewhere.push(...(mustNot ?? []).flatMap((record) => scanRecord(search, name, record)))
      // The bytes of a segment with records that may have it are those records'.
      if (allowed.length === 0) found.elsewhere.push(...scanBytes(search, `file ${name}`, bytes))
    }
    return found
  })
}

/** The topic of a segment's file, one on its way out (`.deleted`) included; undefined for every other file. */
function segmentOf(name: string): string | undefined {
  if (!/\.log(\.deleted|\.cleaned|\.swap)?$/.test(name)) return undefined
  return /^(.+)-(\d+)(\.[0-9a-f]+-\w+)?$/.exec(path.basename(path.dirname(name)))?.[1]
}

function scanRecord(search: NeedleSearch, name: string, { position, key, value }: KeyedRecord): Finding[] {
  const decoded = JSON.stringify(decodeRecord(value)) ?? ''
  return scanBytes(
    search,
    `record ${position} of ${path.dirname(name)}`,
    Buffer.concat([key ?? Buffer.alloc(0), value, Buffer.from(decoded)]),
  )
}
