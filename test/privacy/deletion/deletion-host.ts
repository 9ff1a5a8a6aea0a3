/**
 * The process that is killed: workers and their seal over a folder, devices that send, and some that choose, at the moments
 * that it was told. It looks at the tables when it starts; the last one of a round looks at everything when it ends.
 */
import { writeSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../../../services/command-line/demo-random.ts'
import { isSealed } from '../../../services/release/release-day.ts'
import { Sealer } from '../../../services/worker/seal/sealer.ts'
import { prepareTables, readMark } from '../../../services/worker/store.ts'
import { Worker } from '../../../services/worker/worker.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { openLedger } from '../../../shared/ledger/warehouse-ledger.ts'
import { createLogger } from '../../../shared/logger.ts'
import { createMetrics } from '../../../shared/metrics.ts'
import { catalogue, day, openWorld, partitions } from './deletion-world.ts'
import { Choosers, Sending } from './devices.ts'
import { finalLook } from './final-look.ts'
import {
  type Moment,
  type Observer,
  observedBook,
  observedEngines,
  observedLedger,
  withoutLooking,
  zeroNoise,
} from './moments.ts'
import type { Told } from './told.ts'

export interface Trigger {
  readonly moment: Moment
  /** At which time that it comes to it in this life. */
  readonly times: number
  readonly act: 'choose' | 'hand over' | 'die'
  readonly delayMs?: number
}

export interface HostSettings {
  readonly dir: string
  readonly seed: number
  /** ms since the Unix epoch */
  readonly now: number
  /** `sending`: devices send and choose. `closing`: the day is over. `end`: the same, and everything is looked at. */
  readonly stage: 'sending' | 'closing' | 'end'
  readonly triggers: readonly Trigger[]
  readonly isBlind?: boolean | undefined
}

const settings: HostSettings = JSON.parse(process.argv[2] ?? '{}')
const { dir, seed, now, stage, isBlind } = settings
const requestsMax = 40
const clock = new ManualClock(now)
const triggers = settings.triggers.map((one) => ({ ...one, left: one.times }))

let toldDrawing = false
// At once: a line in a buffer would die with the process.
function tell(told: Told): void {
  if ('drawing' in told && toldDrawing) return
  if ('look' in told || 'drawing' in told) toldDrawing = 'drawing' in told
  writeSync(1, `${JSON.stringify(told)}\n`)
}
function fail(text: string): never {
  tell({ error: text })
  process.exit(1)
}
process.on('uncaughtException', (error) => fail(String(error.stack)))

const observer: Observer = { at, tell }
const random = new Random(seed)
const world = await openWorld(dir, clock)
const engines = observedEngines(world, observer)
const plainBook = isBlind ? withoutLooking(world.choices) : world.choices
const choices = observedBook(plainBook, observer)
const choosers = new Choosers(choices, clock, random)
const logger = createLogger({ logLevel: 'error' }, { write: (line) => void tell({ error: line }) })
const plainLedger = await openLedger({ ...engines, clock })
const ledger = observedLedger(plainLedger, observer)
const workers: Worker[] = []

await prepareTables(world.warehouse, catalogue)
tell({ marks: await marks(), sealed: isSealed(await ledger.state(), catalogue, day) })
const sending = new Sending(world.log, choosers, clock, random)
await sending.remember(world.log)
await startWorker()
if (stage === 'sending') await sending.send(requestsMax)
else await closeDay()
await settle()
for (const worker of workers) await worker.drain()
if (stage === 'end') tell({ final: await finalLook(world, plainLedger) })
tell({ done: true })
process.exit(0)

async function marks(): Promise<number[]> {
  const found: number[] = []
  for (let partition = 0; partition < partitions; partition++)
    found.push(await readMark(world.warehouse, world.log.logId, partition))
  return found
}

async function startWorker(): Promise<void> {
  const number = workers.length
  const shared = {
    ...engines,
    choices,
    ledger,
    catalogue,
    clock,
    logger,
    metrics: createMetrics(false),
    locate: () => '',
  }
  const sealer = new Sealer({ ...shared, scratchDir: path.join(dir, `seal-${number}`), random: zeroNoise(observer) })
  const worker = new Worker({
    ...shared,
    sealer,
    lingerMs: 0,
    scratchDir: path.join(dir, `scratch-${number}`),
    onFatal: (error) => fail(`a worker ended: ${error instanceof Error ? error.stack : error}`),
  })
  workers.push(worker)
  await worker.start()
}

/** Where a trigger waits for this moment it is pulled, and whoever came here waits for what it does. */
async function at(moment: Moment): Promise<void> {
  tell({ phase: moment })
  for (const one of triggers) {
    if (one.moment !== moment || --one.left !== 0) continue
    if (one.act === 'choose') await choosers.choose()
    // Not awaited: it waits for the batch that is just being run.
    else if (one.act === 'hand over') void startWorker().catch((error) => fail(String(error)))
    else if (one.delayMs) setTimeout(() => process.kill(process.pid, 'SIGKILL'), one.delayMs)
    else process.kill(process.pid, 'SIGKILL')
  }
}

/** Until everything that is in the log is in the tables. */
async function settle(): Promise<void> {
  const histories = await world.log.history()
  const ends = await Promise.all(histories.map(async (history) => (await history.bounds()).end))
  while (!(await marks()).every((mark, partition) => mark >= (ends[partition] ?? 0) - 1)) await sleep(5)
}

async function closeDay(): Promise<void> {
  await settle()
  const worker = workers[0] as Worker
  while (!isSealed(await ledger.state(), catalogue, day) || !(await worker.epochKeys.isClosed(`day:${day}`))) {
    await worker.maintain()
    await sleep(2)
  }
  // Once more, for what was chosen meanwhile.
  await worker.maintain()
}
