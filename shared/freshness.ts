/**
 * How far the tables are complete: each worker writes, per partition, the moment up to which everything appended is
 * stored; reporting takes the earliest. Expires, so that a worker that is gone shows as stale data and not as fresh.
 */
import type { KeyValue } from './keyvalue/port.ts'
import { freshnessMs } from './retention/limits.ts'

const prefix = 'freshness/'
const ttlMs = freshnessMs

/** @param freshTo ms since the Unix epoch: every record appended before it is in the tables */
export async function writeFreshness(keyValue: KeyValue, partition: number, freshTo: number): Promise<void> {
  await keyValue.put(`${prefix}${partition}`, Buffer.from(String(freshTo)), { ttlMs })
}

/** The earliest `freshTo` of all partitions; undefined when no worker has written one yet. */
export async function readFreshness(keyValue: KeyValue): Promise<number | undefined> {
  let earliest: number | undefined
  for await (const [, value] of keyValue.scan(prefix)) {
    const freshTo = Number(value.toString())
    if (earliest === undefined || freshTo < earliest) earliest = freshTo
  }
  return earliest
}
