/** The process that is killed while it counts: seals a day under a key that stays the same, and tells the hash of the cells. */
import { writeSync } from 'node:fs'
import path from 'node:path'
import { Random } from '../../../services/command-line/demo-random.ts'
import { sha256Hex } from '../../../services/release/sha256.ts'
import { sealDay } from '../../../services/worker/seal/seal-day.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { encodeRecord } from '../../../shared/event.ts'
import { openEmbeddedKeyValue } from '../../../shared/keyvalue/embedded.ts'
import { attackCatalogue, openWorldLog, recordsOfDay } from './sealed-world.ts'

const [dir = '', day = '', aim = '', times = '0', more = ''] = process.argv.slice(2)
let timesLeft = Number(times)
const clock = new ManualClock(`${day}T23:00:00Z`)
const log = await openWorldLog(path.join(dir, 'log'), clock)
const keyValue = await openEmbeddedKeyValue({ dir: path.join(dir, 'key-value'), clock })
const sealed = await sealDay(day, Buffer.alloc(32, 7), {
  ...{ log, keyValue, catalogue: attackCatalogue, locate: () => '', scratchDir: path.join(dir, 'scratch') },
  onProgress: async ({ phase }) => {
    if (phase === aim && --timesLeft === 0) process.kill(process.pid, 'SIGKILL')
    // What comes after the plan does not count, however often the seal is begun again.
    if (more === '') return
    const late = recordsOfDay(day, 5, new Random(Number(more)))
    await log.append(late.map((record) => ({ partition: 0, value: encodeRecord(record) })))
  },
})
const cells = attackCatalogue.datasets.map(({ id }) =>
  [...sealed.cellsOf(id)].map(([level, all]) => [
    level,
    [...all].map(({ values, devices, sums }) => [values, devices, sums.map(String)]),
  ]),
)
await sealed.remove()
writeSync(1, `${JSON.stringify({ units: sealed.units, sha256: sha256Hex(Buffer.from(JSON.stringify(cells))) })}\n`)
await log.close()
await keyValue.close()
process.exit(0)
