/**
 * The start-up probe: one synthetic event through the collector's real door, log, worker and table, until reporting's
 * own connection sees it. Its cells are in a dataset of their own that no API lists, and go after an hour.
 */

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../shared/clock.ts'
import { probeFeature } from '../shared/event.ts'
import type { WarehouseReader } from '../shared/warehouse/port.ts'
import { cellsTable, probeDataset } from '../shared/warehouse/schema.ts'
import { ForeseenError } from './start-failure.ts'

const pollMs = 50

/**
 * Resolves when the event has come through; rejects with where it got stuck after `timeoutMs`.
 * @param reader a connection like reporting's: read-only
 */
export async function probe(
  collectorUrl: string,
  writeKey: string,
  reader: WarehouseReader,
  clock: Clock,
  timeoutMs = 15_000,
): Promise<void> {
  const before = await probesSeen(reader)
  const event = { id: randomUUID(), time: new Date(clock.now()).toISOString(), feature: probeFeature, device: 'probe' }
  const answer = await fetch(`${collectorUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${writeKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events: [event] }),
  })
  if (!answer.ok) throw new ForeseenError(`the collector answered the first event with ${answer.status}; expected 200`)
  const deadline = performance.now() + timeoutMs
  while ((await probesSeen(reader)) <= before) {
    if (performance.now() > deadline)
      throw new ForeseenError(
        `the first event was accepted but is not in the tables after ${timeoutMs / 1000} s; the log lines above say what the worker does`,
      )
    await sleep(pollMs)
  }
}

async function probesSeen(reader: WarehouseReader): Promise<number> {
  const [row] = await reader.select<{ events: string }>(
    `SELECT sum(events) AS events FROM ${cellsTable} WHERE dataset = '${probeDataset}'`,
  )
  return Number(row?.events ?? 0)
}
