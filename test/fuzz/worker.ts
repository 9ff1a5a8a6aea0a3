/** Tries one input after the other, and says before each which it is: of one that never ends nothing else would tell. */
import { parentPort, workerData } from 'node:worker_threads'
import { startCollector } from '../services/collector/running-collector.ts'
import { inputOf } from './input.ts'
import { sendInput } from './over-http.ts'
import type { Plant } from './plant.ts'
import { dialectsToTry, type Outcome, tryInput } from './try-input.ts'

export interface Work {
  readonly seed: number
  /** Undefined: of all. */
  readonly dialect: string | undefined
  readonly from: number
  readonly to: number
  /** Every so many-th is sent over HTTP as well; 0: none. */
  readonly httpEvery: number
  readonly plant: Plant | undefined
  /** The index that is being tried. */
  readonly at: Int32Array<SharedArrayBuffer>
}

export interface Failure {
  readonly index: number
  readonly dialect: string
  readonly what: string
}

export interface Told {
  readonly tried: number
  readonly overHttp: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly failures: readonly Failure[]
}

const tellEvery = 2000

async function work({ seed, dialect, from, to, httpEvery, plant, at }: Work): Promise<void> {
  const dialects = dialectsToTry(plant)
  await using collector = await startCollector()
  let told = nothing()
  for (let index = from; index < to; index++) {
    Atomics.store(at, 0, index)
    const input = inputOf(seed, index, dialect)
    const fail = (error: unknown) => told.failures.push({ index, dialect: input.dialect, what: describe(error) })
    try {
      const outcome: Outcome = tryInput(dialects, input, index % 4 === 0 ? () => index % 8 === 0 : undefined)
      const name = `${input.dialect} ${outcome}`
      told.outcomes[name] = (told.outcomes[name] ?? 0) + 1
    } catch (error) {
      fail(error)
    }
    told.tried++
    if (httpEvery > 0 && index % httpEvery === 0) {
      told.overHttp++
      await sendInput(collector, input).catch(fail)
    }
    if (told.failures.length === 0 && told.tried < tellEvery && index + 1 < to) continue
    parentPort?.postMessage(told satisfies Told)
    told = nothing()
  }
}

function nothing() {
  return { tried: 0, overHttp: 0, outcomes: {} as Record<string, number>, failures: [] as Failure[] }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).split('\n', 4).join(' ') : String(error)
}

await work(workerData as Work)
