/**
 * Asks what the dashboard asks first, before somebody waits for it: what is read of final windows stays in memory
 * (window-memory.ts), and a year of them takes seconds to read. Not where the tables are small enough to be read in no time.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import { ProblemError } from '../../shared/http/problem.ts'
import type { Logger } from '../../shared/logger.ts'
import { dashboardModel } from './dashboard/dashboard-model.ts'
import { firstQuestions } from './dashboard/first-questions.ts'
import { parametersOf } from './usage-batch.ts'
import type { UsageDesk } from './usage-desk.ts'
import { parseUsageRequest } from './usage-request.ts'

/** Days of a dataset that are final, from which on reading them for the first time is felt. */
const finalDaysMin = 28
/** What is logged once it is done; for whoever measures. */
export const warmedUpMessage = 'what the dashboard asks first is in memory'
const beginAfterMs = 3000
/** What is in memory is forgotten after an hour, and read again in the first look after that. */
const againAfterMs = 600_000

export interface WarmUpOptions {
  readonly desk: UsageDesk
  readonly catalogue: Catalogue
  readonly k: number
  readonly clock: Clock
  readonly logger: Logger
}

export class WarmUp {
  readonly #options: WarmUpOptions
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: WarmUpOptions) {
    this.#options = options
  }

  /** Begins in a while, and does it again from time to time, until it is stopped. Idempotent. */
  start(): void {
    this.#running ??= this.#run().catch(() => undefined)
  }

  /** Resolves when it asks nothing any more. Idempotent. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    for (let pauseMs = beginAfterMs; ; pauseMs = againAfterMs) {
      await sleep(pauseMs, undefined, { signal, ref: false })
      await this.askAll().catch((error: unknown) =>
        // Whoever asks the same will be told; this is done again in a while.
        this.#options.logger.debug({ err: error }, 'warming up did not end'),
      )
    }
  }

  /** @returns how many questions were asked */
  async askAll(): Promise<number> {
    const { desk, catalogue, k, clock, logger } = this.#options
    if ((await desk.finalDays()) < finalDaysMin) return 0
    const since = performance.now()
    let asked = 0
    for (const query of firstQuestions(dashboardModel(catalogue, k), clock.now())) {
      const began = performance.now()
      if (this.#stop.signal.aborted) return asked
      // One that is too large here is refused to whoever asks it, and keeps nobody from the others.
      await desk
        .answerInTurn(parseUsageRequest(parametersOf(query), catalogue, clock.now()))
        .catch((error: unknown) => {
          if (!(error instanceof ProblemError)) throw error
        })
      asked++
      // Half of the time is left to whoever asks meanwhile.
      await sleep(performance.now() - began)
    }
    logger.debug({ questions: asked, ms: Math.round(performance.now() - since) }, warmedUpMessage)
    return asked
  }
}
