/** A campaign: a thread that tries the inputs, and a watch over it that ends it when it hangs. */
import { Worker } from 'node:worker_threads'
import { inputOf } from './input.ts'
import type { Plant } from './plant.ts'
import type { Failure, Told, Work } from './worker.ts'

/** An input that takes so long is taken to never end. */
const hangMsMax = 15_000
const watchMs = 500
const failuresMaxDefault = 20

/** A thread does not take over the loader that this one was started with. */
const start = `import('tsx/esm/api').then(({ register }) => {
  register()
  return import(${JSON.stringify(new URL('./worker.ts', import.meta.url).href)})
})`

export interface Campaign {
  readonly seed: number
  /** Undefined: of all. */
  readonly dialect?: string | undefined
  readonly inputs: number
  /** Index of the first. */
  readonly from?: number
  readonly httpEvery?: number
  readonly plant?: Plant
  readonly hangMs?: number
  /** After so many it ends; more tell nothing new. */
  readonly failuresMax?: number
  readonly onProgress?: (result: CampaignResult) => void
}

export interface CampaignResult {
  tried: number
  overHttp: number
  /** How many inputs of each dialect ended in which way. */
  readonly outcomes: Map<string, number>
  readonly failures: Failure[]
}

export async function runCampaign(campaign: Campaign): Promise<CampaignResult> {
  const {
    seed,
    dialect,
    inputs,
    from = 0,
    httpEvery = 0,
    plant,
    onProgress,
    failuresMax = failuresMaxDefault,
  } = campaign
  const result: CampaignResult = { tried: 0, overHttp: 0, outcomes: new Map(), failures: [] }
  const at = new Int32Array(new SharedArrayBuffer(4))
  at[0] = from
  const workerData: Work = { seed, dialect, from, to: from + inputs, httpEvery, plant, at }
  const worker = new Worker(start, { eval: true, workerData })
  worker.on('message', (told: Told) => {
    add(result, told)
    onProgress?.(result)
    if (result.failures.length >= failuresMax) void worker.terminate()
  })
  const watch = watchOver(worker, at, campaign.hangMs ?? hangMsMax, (index) => {
    result.failures.push({ index, dialect: inputOf(seed, index, dialect).dialect, what: 'it does not end' })
  })
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on('error', reject)
      worker.on('exit', () => resolve())
    })
  } finally {
    clearInterval(watch)
  }
  return result
}

function watchOver(worker: Worker, at: Int32Array, hangMs: number, onHang: (index: number) => void): NodeJS.Timeout {
  let seen = -1
  let since = 0
  // It has to load before it tries the first.
  let hasBegun = false
  worker.once('message', () => {
    hasBegun = true
  })
  return setInterval(() => {
    const index = Atomics.load(at, 0)
    if (index !== seen) {
      hasBegun ||= seen !== -1
      seen = index
      since = performance.now()
    } else if (hasBegun && performance.now() - since > hangMs) {
      onHang(index)
      void worker.terminate()
      since = Number.POSITIVE_INFINITY
    }
  }, watchMs)
}

function add(result: CampaignResult, told: Told): void {
  result.tried += told.tried
  result.overHttp += told.overHttp
  for (const [name, count] of Object.entries(told.outcomes))
    result.outcomes.set(name, (result.outcomes.get(name) ?? 0) + count)
  result.failures.push(...told.failures)
}
