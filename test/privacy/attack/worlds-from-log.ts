/**
 * Worlds that go all the way: records in the log, read, bounded and added up by the seal, drawn, written as files, and
 * read back from the bytes that a partner downloads.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import { drawRelease } from '../../../services/release/draw-release.ts'
import { releaseFiles } from '../../../services/release/release-files.ts'
import type { ExactCell, RandomSource, ReleaseRow } from '../../../services/release/release-types.ts'
import { sealDay } from '../../../services/worker/seal/seal-day.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { encodeRecord, type SentRecord } from '../../../shared/event.ts'
import { openEmbeddedWarehouse } from '../../../shared/warehouse/embedded.ts'
import type { Warehouse } from '../../../shared/warehouse/port.ts'
import { dayMs } from '../../../shared/window.ts'
import { MemoryEventLog } from '../../doubles/memory-event-log.ts'
import { MemoryKeyValue } from '../../doubles/memory-key-value.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { readCsv, readNdjson } from './published-bytes.ts'
import type { PublishedRow, Scene } from './scene.ts'
import { catalogue, day, recordOf, sybilScene, sybils } from './sybil-scene.ts'

export interface LogWorld {
  readonly present: boolean
  readonly rows: readonly PublishedRow[]
}

/** @throws AssertionError where the log's cells, or the bytes, differ from what the bulk of the worlds begins with */
export async function worldsFromLog(
  worlds: number,
  random: RandomSource,
  onWorld: (done: number) => void,
): Promise<LogWorld[]> {
  const crowd = Array.from({ length: sybils }, (_, index) => recordOf(`sybil ${index}`))
  return withTemporaryDirectory(async (dir) => {
    const warehouse = await openEmbeddedWarehouse({ dir: path.join(dir, 'warehouse') })
    try {
      const found: LogWorld[] = []
      for (let world = 0; world < worlds; world++) {
        const present = random.below(2n) === 1n
        const records = present ? [...crowd, recordOf('victim')] : crowd
        found.push({ present, rows: await worldOf(records, present, { dir, warehouse, random, scene: sybilScene }) })
        onWorld(world + 1)
      }
      return found
    } finally {
      await warehouse.close()
    }
  })
}

interface WorldTools {
  readonly dir: string
  readonly warehouse: Warehouse
  readonly random: RandomSource
  readonly scene: Scene
}

async function worldOf(
  records: readonly SentRecord[],
  present: boolean,
  { dir, warehouse, random, scene }: WorldTools,
): Promise<PublishedRow[]> {
  const clock = new ManualClock(Date.parse(`${day}T00:00:00Z`) + dayMs / 2)
  const log = new MemoryEventLog(clock, 2)
  const partition = () => Number(random.below(2n))
  await log.append(records.map((record) => ({ partition: partition(), value: encodeRecord(record) })))
  const sealKey = Uint8Array.from({ length: 32 }, () => Number(random.below(256n)))
  const sealed = await sealDay(day, sealKey, {
    ...{ log, keyValue: new MemoryKeyValue(clock), catalogue, locate: () => '' },
    ...{ scratchDir: path.join(dir, 'scratch'), onProgress: async () => undefined },
  })
  const cells = new Map([...sealed.cellsOf(scene.specification.dataset)].map(([level, some]) => [level, [...some]]))
  await sealed.remove()
  await log.close()
  const expected = present ? scene.with : scene.without
  for (const [level, some] of expected) assert.deepEqual(inOrder(cells.get(level) ?? []), inOrder(some))
  const rows = drawRelease(cells, scene.specification, random)
  const files = await releaseFiles(warehouse, scene.specification, rows)
  const bytesOf = (wanted: string) => files.find(({ format }) => format === wanted)?.bytes ?? Buffer.alloc(0)
  const csv = readCsv(bytesOf('csv'), scene.specification)
  assert.deepEqual(csv, rows.map(published))
  assert.deepEqual(readNdjson(bytesOf('ndjson'), scene.specification), csv)
  return csv
}

function inOrder(cells: readonly ExactCell[]): ExactCell[] {
  return [...cells].sort((a, b) => (JSON.stringify(a.values) < JSON.stringify(b.values) ? -1 : 1))
}

function published({ level, values, devices, sums }: ReleaseRow): PublishedRow {
  return { level, values, devices, sums }
}
