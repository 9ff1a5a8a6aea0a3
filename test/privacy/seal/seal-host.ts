/**
 * The process that is killed: seals and publishes the days of a prepared folder one after the other, as the worker does,
 * and tells what it sees. It looks at everything when it starts, and again when all days are published.
 */
import { writeSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cryptoRandom } from '../../../services/release/random-source.ts'
import { askForRelease } from '../../../services/worker/seal/seal-requests.ts'
import { Sealer, type SealerDeps } from '../../../services/worker/seal/sealer.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { openEmbeddedKeyValue } from '../../../shared/keyvalue/embedded.ts'
import { openRedisKeyValue } from '../../../shared/keyvalue/redis.ts'
import { openLedger } from '../../../shared/ledger/warehouse-ledger.ts'
import { createLogger } from '../../../shared/logger.ts'
import { createMetrics } from '../../../shared/metrics.ts'
import { openEmbeddedWarehouse } from '../../../shared/warehouse/embedded.ts'
import { audit, bytesOf, releasesOf } from './audit.ts'
import { openLooseLedger, type SealMutation } from './loose-ledger.ts'
import { type Enter, Observer } from './seal-phases.ts'
import { attackCatalogue as catalogue, isImported, openWorldLog } from './sealed-world.ts'
import type { Told } from './told.ts'

export interface HostSettings {
  readonly dir: string
  /** Empty: LMDB in the folder. */
  readonly redisUrl: string
  readonly days: readonly string[]
  /** ms since the Unix epoch */
  readonly now: number
  readonly mutation?: SealMutation | undefined
  /** When it kills itself: the phase, at which entry of it, and how long after, ms. */
  readonly aim?: { phase: string; times: number; delayMs: number } | undefined
  /** Only begins the ledger. */
  readonly beginOnly?: boolean
}

const { dir, redisUrl, days, now, mutation, aim, beginOnly }: HostSettings = JSON.parse(process.argv[2] ?? '{}')
// At once: a line in a buffer would die with the process.
const tell = (told: Told) => writeSync(1, `${JSON.stringify(told)}\n`)

let last = ''
let timesLeft = aim?.times ?? 0
const enter: Enter = (phase) => {
  if (phase !== last) tell({ phase })
  last = phase
  if (phase !== aim?.phase || --timesLeft !== 0) return
  const die = () => process.kill(process.pid, 'SIGKILL')
  if (aim.delayMs === 0) die()
  else setTimeout(die, aim.delayMs)
}

const clock = new ManualClock(now)
const fail = (text: string): never => {
  tell({ error: text })
  process.exit(1)
}
process.on('uncaughtException', (error) => fail(String(error.stack)))
const logger = createLogger({ logLevel: 'warn' }, { write: (line) => void tell({ error: line }) })
const observer = new Observer(enter)
const plain = {
  log: await openWorldLog(path.join(dir, 'log'), clock),
  keyValue: redisUrl
    ? await openRedisKeyValue({ url: redisUrl, warn: (message) => logger.warn(message) })
    : await openEmbeddedKeyValue({ dir: path.join(dir, 'key-value'), clock }),
  warehouse: await openEmbeddedWarehouse({ dir: path.join(dir, 'warehouse') }),
}
const engines = observer.engines(plain)
const ledger = observer.ledger(
  mutation
    ? await openLooseLedger(plain.keyValue, mutation, new Date(now).toISOString())
    : await openLedger({ ...engines, clock }),
)
const scratchDir = path.join(dir, 'scratch')
const deps: SealerDeps = {
  ...engines,
  ...{ ledger, catalogue, clock, logger, scratchDir, metrics: createMetrics(false), locate: () => '' },
  random: observer.random(cryptoRandom),
}
const sealer = new Sealer(deps)
await sealer.start()
if (beginOnly) await ledger.append(() => ({ events: [], result: undefined }))
else await live()
tell({ done: true })
await plain.log.close()
await plain.keyValue.close()
await plain.warehouse.close()
process.exit(0)

async function live(): Promise<void> {
  tell({ audit: await audit(plain, ledger, catalogue, scratchDir, true) })
  enter('idle')
  for (const day of days) await release(day)
  tell({ audit: await audit(plain, ledger, catalogue, scratchDir) })
}

/** As the worker does: asks whether the day may close, publishes, and asks again. */
async function release(day: string): Promise<void> {
  if (await isPublished(day)) return void (await sealer.letsClose(day, false))
  // An operator asks once, whatever happens then.
  const asked = `asked-once/${day}`
  if (isImported(day) && !(await plain.keyValue.get(asked))) {
    await askForRelease(plain.keyValue, day)
    await plain.keyValue.put(asked, Buffer.from('1'))
  }
  for (let closed = false; !closed || !(await isPublished(day)); ) {
    closed = await sealer.letsClose(day, false)
    await sealer.publish()
    if (closed && !(await isPublished(day))) fail(`${day} may close and is not published`)
    for (const one of await releasesOf(ledger)) {
      if (one.day !== day) continue
      tell({ release: one })
      for (const served of await bytesOf(plain.warehouse, one)) {
        enter('served')
        tell({ served })
      }
    }
    await sleep(2)
  }
}

async function isPublished(day: string): Promise<boolean> {
  const states = (await ledger.state()).releases().filter((one) => one.day === day)
  return states.length === 2 && states.every(({ state }) => state === 'PUBLISHED')
}
