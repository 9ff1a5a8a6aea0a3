/**
 * Reads disclosures from the ledger, and checks its chain as it reads. What was read before is kept folded; the whole is
 * walked again each hour, so that a change to an old entry is found as well as one to a new entry.
 */
import type { Clock } from '../../../shared/clock.ts'
import { emptyHead, verifyStretch } from '../../../shared/ledger/chain.ts'
import { type Ledger, LedgerBrokenError, type LedgerHead } from '../../../shared/ledger/port.ts'
import { hourMs } from '../../../shared/window.ts'
import { FoldedDisclosures } from './fold-disclosures.ts'

/** Everybody may ask, so the ledger is not asked each time. */
const currentForMs = 1000
const walkEveryMs = hourMs

export type Disclosures =
  | { readonly verified: true; readonly head: LedgerHead; readonly folded: FoldedDisclosures }
  | { readonly verified: false; readonly problem: string }

interface Walk {
  readonly startedAt: number
  readonly folded: FoldedDisclosures
  head: LedgerHead
}

export class DisclosureReader {
  readonly #ledger: Pick<Ledger, 'entries' | 'state'>
  readonly #clock: Clock
  #walk: Walk | undefined
  /** The last one that was told: every later walk must come by it. */
  #told = emptyHead
  #read: { at: number; answer: Promise<Disclosures> } | undefined

  constructor({ ledger, clock }: { ledger: Pick<Ledger, 'entries' | 'state'>; clock: Clock }) {
    this.#ledger = ledger
    this.#clock = clock
  }

  /** @throws the store's own error when the ledger cannot be read now */
  read(): Promise<Disclosures> {
    const now = this.#clock.now()
    if (this.#read && now >= this.#read.at && now < this.#read.at + currentForMs) return this.#read.answer
    // One after the other: two would fold the same entries twice.
    const before = this.#read?.answer.catch(() => undefined) ?? Promise.resolve()
    const answer = before.then(() => this.#look(now))
    this.#read = { at: now, answer }
    answer.catch(() => {
      if (this.#read?.answer === answer) this.#read = undefined
    })
    return answer
  }

  async #look(now: number): Promise<Disclosures> {
    try {
      if (!this.#walk || now < this.#walk.startedAt || now >= this.#walk.startedAt + walkEveryMs) this.#walk = undefined
      const walk: Walk = this.#walk ?? { startedAt: now, folded: new FoldedDisclosures(), head: emptyHead }
      // Until it has ended well it is not the one to go on with.
      this.#walk = undefined
      await this.#goOn(walk)
      // The state also compares the tables with what the key-value store says of their end.
      const { head } = await this.#ledger.state()
      if (head.seq < walk.head.seq) throw new LedgerBrokenError(`entries after ${head.seq} are gone`)
      this.#walk = walk
      this.#told = walk.head
      return { verified: true, head: walk.head, folded: walk.folded }
    } catch (error) {
      if (error instanceof LedgerBrokenError) return { verified: false, problem: error.message }
      throw error
    }
  }

  async #goOn(walk: Walk): Promise<void> {
    const known = walk.head
    // The last known one comes along: it may have been taken away or changed.
    let isKnown = known.seq >= 0
    let last = isKnown ? undefined : emptyHead
    for await (const entry of this.#ledger.entries(Math.max(0, known.seq))) {
      if (isKnown) {
        if (entry.seq !== known.seq || entry.hash !== known.hash)
          throw new LedgerBrokenError(`entry ${known.seq}, which was there before, is gone or was changed`)
        isKnown = false
        last = known
        continue
      }
      last = verifyStretch(last ?? emptyHead, [entry])
      if (entry.seq === this.#told.seq && entry.hash !== this.#told.hash)
        throw new LedgerBrokenError(`entry ${entry.seq} is not the one that was told before`)
      walk.folded.add(entry)
    }
    if (!last) throw new LedgerBrokenError(`entry ${known.seq}, which was there before, is gone`)
    if (last.seq < this.#told.seq) throw new LedgerBrokenError(`entries after ${last.seq} are gone`)
    walk.head = last
  }
}
