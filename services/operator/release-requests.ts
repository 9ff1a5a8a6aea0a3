/**
 * Asking for a day's release, from a command or from POST /api/v1/releases: the day is closed, sealed and published by
 * the workers, wherever they run. Asking twice is asking once.
 */
import { type Catalogue, releasedDatasets } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import { saidBack } from '../../shared/confidential/said-back.ts'
import { EpochKeys } from '../../shared/epoch-keys.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { firstDayOf } from '../../shared/ledger/first-day.ts'
import type { Ledger, ReleaseState } from '../../shared/ledger/port.ts'
import { dayMs } from '../../shared/window.ts'
import { isPublished, isSealed } from '../release/release-day.ts'
import { announceClosing } from '../worker/closing.ts'
import { askForRelease, readSeal, type SealState } from '../worker/seal/seal-requests.ts'

/** What has become of a request. */
export type ReleaseAnswer =
  | { state: 'published'; releases: PublishedRelease[] }
  /** With how far the seal is, once it runs. */
  | { state: 'pending'; seal?: SealState }
  /** What is wrong and what to do. */
  | { state: 'refused'; why: string }

export interface PublishedRelease {
  dataset: string
  day: string
  sha256: string
  rows: number
}

export interface ReleaseRequestsDeps {
  readonly keyValue: KeyValue
  readonly ledger: Ledger
  readonly catalogue: Catalogue
  readonly clock: Clock
  /** Makes the workers of this process look at once. Others do each second. */
  readonly nudge: () => Promise<void>
}

const pollMs = 100
/** How long a request over HTTP waits for the end before it is told to ask again. */
export const releaseWaitMs = 20_000

export class ReleaseRequests {
  readonly #deps: ReleaseRequestsDeps
  readonly #epochKeys: EpochKeys
  /** By day: all who ask at the same time wait for one answer. */
  readonly #waiting = new Map<string, Promise<ReleaseAnswer>>()

  constructor(deps: ReleaseRequestsDeps) {
    this.#deps = deps
    this.#epochKeys = new EpochKeys(deps.keyValue.secrets)
  }

  /**
   * Asks, and says how it is now.
   * @param day `YYYY-MM-DD`, UTC
   * @param unfinished a day that is not over may be closed, too: nothing of its rest is counted then
   */
  async ask(day: string, unfinished = false): Promise<ReleaseAnswer> {
    const refused = this.#isWrong(day, unfinished)
    if (refused) return { state: 'refused', why: refused }
    const { keyValue, ledger, catalogue, clock, nudge } = this.#deps
    const state = await ledger.state()
    const releases = releasedDatasets(catalogue).flatMap(({ id }) => state.release(day, id) ?? [])
    if (isPublished(state, catalogue, day)) return published(releases)
    if (state.isUnsealed(day))
      return {
        state: 'refused',
        why: `${day} closed without a release, and its key is destroyed: it can have none any more`,
      }
    if (releases.length === 0 && !(await this.#isThere(day)))
      return {
        state: 'refused',
        why: `nothing of ${day} is open: no line of it was imported, or it has closed (headcount keys lists the open days)`,
      }
    const seal = await readSeal(keyValue, day)
    if (seal?.state === 'refused') return { state: 'refused', why: seal.why }
    await askForRelease(keyValue, day)
    if (!isSealed(state, catalogue, day))
      await announceClosing(keyValue, { name: `day:${day}`, overdue: false }, clock.now())
    await nudge()
    return { state: 'pending', ...(seal && { seal }) }
  }

  /** Asks, and waits for the end, at most so long. */
  async askAndWait(day: string, waitMs: number): Promise<ReleaseAnswer> {
    const running = this.#waiting.get(day)
    if (running) return running
    const answer = this.#wait(day, waitMs).finally(() => this.#waiting.delete(day))
    this.#waiting.set(day, answer)
    return answer
  }

  async #wait(day: string, waitMs: number): Promise<ReleaseAnswer> {
    const until = performance.now() + waitMs
    for (;;) {
      const answer = await this.ask(day)
      if (answer.state !== 'pending' || performance.now() > until) return answer
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }

  #isWrong(day: string, unfinished: boolean): string | undefined {
    const start = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
    if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day)
      return `${saidBack(day)} is not a day; give it as YYYY-MM-DD, in UTC`
    if (releasedDatasets(this.#deps.catalogue).length === 0)
      return 'no dataset of the catalogue has a `release`: declare one (infra/releases.md)'
    const now = this.#deps.clock.now()
    if (start > now) return `${day} has not begun yet`
    if (start + dayMs > now && !unfinished)
      return `${day} is not over (days are UTC). Releasing it now means that nothing of its rest is counted; headcount release --day ${day} --unfinished does so`
    return undefined
  }

  /** A day since the ledger began has a release whatever was counted; of one before, lines must have been imported. */
  async #isThere(day: string): Promise<boolean> {
    const first = await firstDayOf(this.#deps.ledger)
    if (first !== undefined && day >= first) return true
    return (await this.#epochKeys.living()).some(({ name }) => name === `day:${day}`)
  }
}

function published(releases: readonly ReleaseState[]): ReleaseAnswer {
  return {
    state: 'published',
    releases: releases.map(({ dataset, day, sha256 = '', rows = 0 }) => ({ dataset, day, sha256, rows })),
  }
}
