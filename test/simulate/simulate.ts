/** One seed: a world of stores, processes and senders, what happens in it, and what has been counted in the end. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Random } from '../../services/command-line/demo-random.ts'
import { MarkMissingError } from '../../services/worker/store.ts'
import { createLogger } from '../../shared/logger.ts'
import { createMetrics } from '../../shared/metrics.ts'
import { MemoryKeyValue } from '../doubles/memory-key-value.ts'
import { Calls } from './calls.ts'
import { type Comparison, compare } from './compare.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { Counts } from './counts.ts'
import { FaultPlan } from './faults.ts'
import type { Life } from './life.ts'
import { type Mutation, mutated } from './mutations.ts'
import { portsOf, type Stores, timingOf } from './process-ports.ts'
import { catalogue, dayOf, type Request } from './requests.ts'
import { Senders } from './senders.ts'
import { SimulatedLog } from './simulated-log.ts'
import { type Machine, SimulatedProcess } from './simulated-process.ts'
import { SimulatedWarehouse } from './simulated-warehouse.ts'
import type { StoreName, Surroundings } from './travelling-call.ts'
import { VirtualTime } from './virtual-time.ts'

export interface SimulationOptions {
  readonly seed: number
  readonly mutation?: Mutation | undefined
  /** Commits that were sent twice may take effect again after later ones: what the port of the log rules out. */
  readonly reorderCommits?: boolean | undefined
  /** Told of every call and fault, in order. */
  readonly trace?: (line: string) => void
}

export interface SimulationResult extends Comparison {
  readonly seed: number
  readonly counts: Counts
  /** What kept it from coming to its end: nothing, if all is well. */
  readonly stuck: string
}

/** Memory where there is such a place: scratch files are most of what a seed costs. */
const scratchParent = existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
const eventsMax = 600_000
const requestsEach = { min: 120, max: 200 }
/** The key-value store loses everything now and then, in some of the seeds. */
const lossesMax = 2
const lossWithinMs = 12_000
const processesMax = 3
const partitionsMax = 4
/** Midnights of a day, of a week and of a month are near. */
const starts = ['2026-11-24T12:00:00Z', '2026-11-24T23:57:00Z', '2026-11-29T23:58:00Z', '2026-11-30T23:58:30Z']

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const scratchDir = mkdtempSync(path.join(scratchParent, 'headcount-simulation-'))
  try {
    return await new Simulation(options, scratchDir).run()
  } finally {
    rmSync(scratchDir, { recursive: true, force: true })
  }
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #random: Random
  readonly #time: VirtualTime
  readonly #counts = new Counts()
  readonly #faults: FaultPlan
  readonly #warehouse = new SimulatedWarehouse(this.#counts)
  readonly #keyValue: MemoryKeyValue
  readonly #downUntil = new Map<StoreName, number>()
  readonly #lostAt = new Map<StoreName, number>()
  readonly #scratchDir: string
  readonly #requests: Request[] = []
  #strange = ''

  constructor(options: SimulationOptions, scratchDir: string) {
    this.#options = options
    this.#random = new Random(options.seed * 7919 + 1)
    this.#time = new VirtualTime(Date.parse(this.#random.pick(starts)))
    this.#faults = new FaultPlan(new Random(options.seed * 7919 + 2))
    this.#keyValue = new MemoryKeyValue(this.#time)
    this.#scratchDir = scratchDir
  }

  async run(): Promise<SimulationResult> {
    const logs = this.#random.chance(0.4) ? 2 : 1
    let stuck = ''
    for (let log = 1; log <= logs && stuck === ''; log++) {
      if (log > 1) this.#counts.note('recreated logs')
      stuck = await this.#runLog(`log-${log}`, log === logs)
    }
    // Whatever is still on its way arrives.
    await this.#time.run(() => false, eventsMax)
    const compared = compare(this.#requests, this.#warehouse.cells, this.#lostAt.size > 0)
    return { seed: this.#options.seed, counts: this.#counts, stuck: stuck || this.#strange, ...compared }
  }

  /** From a new log until everything in it is counted. Returns what is left if that does not come. */
  async #runLog(logId: string, isLast: boolean): Promise<string> {
    const around = { time: this.#time, random: this.#random, counts: this.#counts }
    const partitions = this.#random.integer(1, partitionsMax)
    const log = new SimulatedLog(logId, partitions, this.#time, this.#random, this.#counts)
    log.reordersCommits = this.#options.reorderCommits ?? false
    const group = new ConsumerGroup(this.#time, this.#random, this.#counts, log)
    const processes = this.#startProcesses({ log, keyValue: this.#keyValue, warehouse: this.#warehouse }, group)
    const from = this.#requests.length
    const many = this.#random.integer(requestsEach.min, requestsEach.max)
    const firstDay = dayOf(this.#time.now())
    if (this.#random.chance(0.3)) this.#loseKeyValue(this.#random.integer(1, lossesMax))
    const senders = new Senders({ ...around, log, firstDay }, from, from + many)
    await this.#time.run(() => senders.areDone && log.isConsumed, eventsMax)
    if (isLast) this.#faults.stop()
    const isDone = await this.#time.run(() => senders.areDone && log.isConsumed, eventsMax)
    for (const one of processes) one.end()
    this.#requests.push(...senders.requests)
    return isDone ? '' : `not everything is counted: ${log}`
  }

  #startProcesses(stores: Stores, group: ConsumerGroup): SimulatedProcess[] {
    const machine = this.#machineOf(stores, group)
    const many = this.#random.integer(1, processesMax)
    return Array.from({ length: many }, (_, index) => {
      const one = new SimulatedProcess(`${stores.log.logId}/worker-${index}`, machine)
      // Some are added while the others are at work.
      this.#time.after(index === 0 ? 0 : this.#random.next() * 10_000, () => one.start())
      return one
    })
  }

  #loseKeyValue(times: number): void {
    for (let number = 0; number < times; number++)
      this.#time.after(this.#random.next() * lossWithinMs, () => {
        this.#counts.note('losses of the key-value store')
        this.#options.trace?.(`${this.#time.passedMs.toFixed(3)} the key-value store loses everything`)
        this.#lostAt.set('key-value', this.#time.passedMs)
        this.#keyValue.lose()
      })
  }

  #machineOf(stores: Stores, group: ConsumerGroup): Machine {
    const { mutation, trace = () => undefined } = this.#options
    const time = this.#time
    const random = this.#random
    const around: Surroundings = {
      ...{ time, random, faults: this.#faults, counts: this.#counts, group, downUntil: this.#downUntil },
      lostAt: this.#lostAt,
      trace: (line) => trace(`${time.passedMs.toFixed(3)} ${line}`),
    }
    return {
      ...{ time, clock: time, random, counts: this.#counts, catalogue, metrics, scratchDir: this.#scratchDir },
      logger: this.#options.trace ? tracedLogger(around.trace) : silent,
      connect: (life) => {
        const calls = new Calls(around, life)
        const engines = portsOf(stores, life, calls, group, catalogue, random)
        return {
          engines: mutation ? mutated(engines, mutation, stores) : engines,
          timing: timingOf(life, calls, time, random),
        }
      },
      onEnd: (life: Life) => group.left(life),
      onFatal: (error) => {
        if (error instanceof MarkMissingError) this.#strange = error.message
      },
      isRestless: () => !this.#faults.stopped,
    }
  }
}

const metrics = createMetrics(false)
const silent = createLogger({ logLevel: 'silent' })

function tracedLogger(trace: (line: string) => void) {
  return createLogger({ logLevel: 'debug' }, { write: (line) => trace(line.trim()) })
}
