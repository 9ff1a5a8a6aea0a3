/**
 * The newest state of the ledger, for a process that need not write: what is in the warehouse, verified as it is read and
 * kept folded. The key-value store is asked first, so that nothing is read while nothing has changed; when it is away or
 * has lost its values the warehouse alone tells.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { InTurn } from '../in-turn.ts'
import { type KeyValue, KeyValueUnavailableError } from '../keyvalue/port.ts'
import type { WarehouseReader } from '../warehouse/port.ts'
import { brokenLedger, verifyStretch } from './chain.ts'
import { baseOf, decodeHead, headKey, type StoredHead } from './ledger-head.ts'
import { FoldedLedger } from './ledger-state.ts'
import { readEntries } from './ledger-table.ts'
import type { Ledger, LedgerEntry, LedgerState } from './port.ts'

export interface LedgerReaderDeps {
  readonly keyValue: Pick<KeyValue, 'get'>
  readonly warehouse: Pick<WarehouseReader, 'select'>
}

/**
 * The warehouse is looked at so often even when the key-value store says that nothing has changed: it may be an older copy
 * of the store, put back, that says so.
 */
const lookEveryMs = 1000
/** A contradiction is told once it has lasted this long: the loser of a race is about to put the head right. */
const contradictionMs = 100

/** How the key-value store's head stands to the entries in the warehouse. */
export type Standing = 'reached' | 'ahead'

export class LedgerReader implements Omit<Ledger, 'append'> {
  readonly #deps: LedgerReaderDeps
  readonly #turns = new InTurn()
  #state = FoldedLedger.empty
  #nextRead: Promise<void> | undefined
  /** The stored head that was last seen to be among the folded entries. */
  #reached: Buffer | undefined
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(deps: LedgerReaderDeps) {
    this.#deps = deps
  }

  async state(): Promise<LedgerState> {
    const stored = await this.#storedHead()
    const isKnown = stored !== undefined && this.#reached?.equals(stored) === true
    if (!isKnown || this.#lookedAt + lookEveryMs <= performance.now()) await this.standingOf(stored)
    return this.#state
  }

  async *entries(from = 0, before?: number): AsyncGenerator<LedgerEntry> {
    for await (const portion of readEntries(this.#deps.warehouse, from, before)) yield* portion
  }

  /** What has been folded so far, without looking. */
  protected get folded(): FoldedLedger {
    return this.#state
  }

  /** Takes over a state that was decided here and has been read back. */
  protected adopt(state: FoldedLedger, stored: Buffer): void {
    if (state.head.seq > this.#state.head.seq) this.#state = state
    this.#reached = stored
  }

  /**
   * Folds what is new in the warehouse, then compares.
   * @throws LedgerBrokenError when the head and the warehouse contradict each other
   */
  protected async standingOf(stored: Buffer | undefined): Promise<Standing> {
    const head = stored && decodeHead(stored)
    await this.#readOn()
    if (!stored || !head) return 'reached'
    const problem = await this.#contradiction(head)
    if (problem !== undefined) {
      await sleep(contradictionMs)
      const now = await this.#storedHead()
      if (now?.equals(stored)) throw brokenLedger(problem)
      return await this.standingOf(now)
    }
    if (head.seq > this.#state.head.seq) return 'ahead'
    this.#reached = stored
    return 'reached'
  }

  async #contradiction(head: StoredHead): Promise<string | undefined> {
    const { seq, hash } = this.#state.head
    const says = `the key-value store says that entry ${head.seq} has the hash ${head.hash.slice(0, 12)}…`
    if (head.seq > seq) {
      const base = baseOf(head)
      if (base.seq === seq && base.hash === hash) return undefined
      return base.seq > seq
        ? `${says}, and the tables end with entry ${seq}: entries were lost`
        : `${says}, which does not follow on the tables' entry ${seq}`
    }
    const found = head.seq === seq ? hash : await this.#hashAt(head.seq)
    return found === head.hash
      ? undefined
      : `${says}, and in the tables it has another. If the tables are right (they verify, and have the daily heads that others kept), delete the key \`${headKey}\` and it is made anew from them`
  }

  async #hashAt(seq: number): Promise<string | undefined> {
    for await (const { hash } of this.entries(seq, seq + 1)) return hash
    return undefined
  }

  async #storedHead(): Promise<Buffer | undefined> {
    try {
      return await this.#deps.keyValue.get(headKey)
    } catch (error) {
      if (error instanceof KeyValueUnavailableError) return undefined
      throw error
    }
  }

  /** Reads once for all who ask before it starts. */
  #readOn(): Promise<void> {
    this.#nextRead ??= this.#turns.run(() => {
      this.#nextRead = undefined
      return this.#read()
    })
    return this.#nextRead
  }

  async #read(): Promise<void> {
    const startedAt = performance.now()
    const { seq, hash } = this.#state.head
    // The last known one comes along: it may have been taken away, or got a double.
    let isFirst = seq >= 0
    let state = this.#state
    for await (const portion of readEntries(this.#deps.warehouse, Math.max(0, seq))) {
      if (isFirst && (portion[0]?.seq !== seq || portion[0].hash !== hash))
        throw brokenLedger(`entry ${seq}, which was there before, is gone or was changed`)
      const entries = isFirst ? portion.slice(1) : portion
      verifyStretch(state.head, entries)
      state = state.fold(entries)
      isFirst = false
    }
    if (isFirst) throw brokenLedger(`entry ${seq}, which was there before, is gone`)
    if (state.head.seq > this.#state.head.seq) this.#state = state
    this.#lookedAt = startedAt
  }
}

/** Opens the ledger for reading; its table must be there. */
export function openLedgerReader(deps: LedgerReaderDeps): Omit<Ledger, 'append'> {
  return new LedgerReader(deps)
}
