/** A worker process: started, killed, stopped, frozen, and started again, with nothing kept but what is in the stores. */
import type { Random } from '../../services/command-line/demo-random.ts'
import type { Engines } from '../../services/headcount.ts'
import type { Timing } from '../../services/worker/timing.ts'
import { Worker } from '../../services/worker/worker.ts'
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import { sharedLease } from '../../shared/lease.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Counts } from './counts.ts'
import { Life } from './life.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Machine {
  readonly time: VirtualTime
  readonly clock: Clock
  readonly random: Random
  readonly counts: Counts
  readonly catalogue: Catalogue
  readonly logger: Logger
  readonly metrics: Metrics
  readonly scratchDir: string
  /** Ports for a new life of a process. */
  readonly connect: (life: Life) => { engines: Engines; timing: Timing }
  readonly onEnd: (life: Life) => void
  /** Told why a process ends itself. */
  readonly onFatal: (error: unknown) => void
  /** Whether processes are stopped and started for good reasons too. */
  readonly isRestless: () => boolean
}

const restartMsMax = 2_000
const restlessMsMax = 60_000
const leaseMs = 30_000
const cachedUnitsMax = 20
/** Small, for the scratch files to be used; or so large that they are not. */
const memoryIds = [64, 4096, 4096, 4096]

export class SimulatedProcess {
  readonly #name: string
  readonly #machine: Machine
  #lives = 0
  #life: Life | undefined
  #worker: Worker | undefined

  constructor(name: string, machine: Machine) {
    this.#name = name
    this.#machine = machine
  }

  get life(): Life | undefined {
    return this.#life
  }

  start(): void {
    const { time, random, counts, connect, catalogue, logger, metrics, scratchDir, clock, onEnd } = this.#machine
    counts.note('starts of processes')
    const life = new Life(`${this.#name}.${++this.#lives}`, time, (ended) => {
      onEnd(ended)
      time.after(random.next() * restartMsMax, () => this.#startAgain(ended))
    })
    this.#life = life
    const { engines, timing } = connect(life)
    this.#worker = new Worker({
      ...{ ...engines, catalogue, clock, logger, metrics, timing },
      locate: () => '',
      lingerMs: random.pick([0, 20]),
      scratchDir: `${scratchDir}/${life.name}`,
      memoryIdsMax: random.pick(memoryIds),
      cachedUnitsMax,
      upkeepLease: sharedLease(engines.keyValue, 'upkeep', leaseMs, clock),
      // The next event, as a process that ends itself does so after what it is in has returned.
      onFatal: (error) => this.#endItself(life, error),
    })
    this.#worker.start().catch((error) => this.#endItself(life, error))
    if (random.chance(0.5)) time.after(random.next() * restlessMsMax, () => this.#stopInOrder(life))
  }

  /** For good. */
  end(): void {
    const life = this.#life
    this.#life = undefined
    life?.end()
  }

  #endItself(life: Life, error: unknown): void {
    if (life.isOver) return
    this.#machine.onFatal(error)
    this.#machine.time.after(0, () => life.end())
  }

  #startAgain(ended: Life): void {
    if (this.#life === ended) this.start()
  }

  #stopInOrder(life: Life): void {
    if (life.isOver || life.isFrozen || !this.#machine.isRestless()) return
    this.#machine.counts.note('clean stops')
    const end = () => void this.#machine.time.after(0, () => life.end())
    this.#worker?.drain().then(end, end)
    this.#machine.time.after(restlessMsMax, () => life.end())
  }
}
