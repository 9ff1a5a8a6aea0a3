/**
 * The ledger over a key-value store and a warehouse. An append goes:
 *
 * 1. Read the head in the key-value store. If its entries are not in the warehouse, insert them: their process died, or
 *    is at it. Fold what is new in the warehouse, and check that both agree.
 * 2. Decide, on that state.
 * 3. Compare-and-set the head, with the new entries in it. From here on others see them and finish them.
 * 4. Insert the entries, and read back that they have their numbers to themselves.
 *
 * So one crash at any moment leaves either nothing, or a head whose entries the next append inserts. The store may be lost
 * between 3 and 4, and another process then decides on the older state; of the two inserts the warehouse takes one, as
 * they have the same token (insert-entries.ts). The other process sees that, and decides again.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { KeyValue } from '../keyvalue/port.ts'
import { makeTable } from '../warehouse/make-table.ts'
import type { Warehouse } from '../warehouse/port.ts'
import { brokenLedger } from './chain.ts'
import { blockEntriesMax, type Decide, decideBlock, type Outcome } from './decide-block.ts'
import { insertEntries } from './insert-entries.ts'
import { decodeHead, encodeHead, headKey } from './ledger-head.ts'
import { LedgerReader } from './ledger-reader.ts'
import { createLedgerTable, ledgerTable } from './ledger-table.ts'
import type { Ledger, LedgerEvent, LedgerState } from './port.ts'

export interface LedgerDeps {
  readonly keyValue: KeyValue
  /** The writer's, not one of its readers: a reader's user may see neither the table nor the newest rows. */
  readonly warehouse: Warehouse
  readonly clock: Clock
}

/** Appends that wait in this process; more are refused. */
const waitingMax = 10_000
/** Each lost race is another's append, so this many in a row mean that the key-value store is not one. */
const racesMax = 1000
/** How long the process that made a head is left to insert its entries itself. */
const finishAfterMs = [5, 15, 40]

/** Too many appends wait in this process. */
export class LedgerBusyError extends Error {
  override readonly name = 'LedgerBusyError'
}

/** Makes the table if it is missing, begins the ledger if it is empty, and reads it whole, verifying. */
export async function openLedger(deps: LedgerDeps): Promise<Ledger> {
  await makeTable(deps.warehouse, ledgerTable, createLedgerTable)
  const ledger = new WarehouseLedger(deps)
  const begun: LedgerEvent = { kind: 'ledger.begun', id: randomBytes(16).toString('hex') }
  await ledger.append(({ head }) => ({ events: head.seq < 0 ? [begun] : [], result: undefined }))
  return ledger
}

interface Waiting {
  readonly decide: Decide
  readonly settle: (outcome: Outcome) => void
}

class WarehouseLedger extends LedgerReader implements Ledger {
  readonly #deps: LedgerDeps
  readonly #waiting: Waiting[] = []
  #isWorking = false

  constructor(deps: LedgerDeps) {
    super(deps)
    this.#deps = deps
  }

  append<Result>(decide: (state: LedgerState) => { events: readonly LedgerEvent[]; result: Result }): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= waitingMax)
        throw new LedgerBusyError(`${waitingMax} appends to the ledger wait in this process; try again later`)
      const settle = (outcome: Outcome) =>
        'error' in outcome ? reject(outcome.error) : resolve(outcome.result as Result)
      this.#waiting.push({ decide, settle })
      void this.#work()
    })
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return
    this.#isWorking = true
    while (this.#waiting.length > 0) {
      const calls = this.#waiting.slice(0, blockEntriesMax)
      const outcomes = await this.#appendBlock(calls.map(({ decide }) => decide)).catch((error) =>
        calls.map(() => ({ error })),
      )
      this.#waiting.splice(0, outcomes.length)
      for (const [index, outcome] of outcomes.entries()) calls[index]?.settle(outcome)
    }
    this.#isWorking = false
  }

  /** @returns an outcome for each of the first calls, of which nothing is told before the entries are in the warehouse */
  async #appendBlock(decides: readonly Decide[]): Promise<readonly Outcome[]> {
    const { keyValue, warehouse, clock } = this.#deps
    for (let race = 0; race < racesMax; race++) {
      const stored = await this.#caughtUp()
      const { entries, state, outcomes } = decideBlock(this.folded, decides, new Date(clock.now()).toISOString())
      if (entries.length === 0) return outcomes
      const head = encodeHead(state.head, entries)
      if (!(await keyValue.compareAndSet(headKey, stored, head))) continue
      if ((await insertEntries(warehouse, entries)) === 'there') {
        this.adopt(state, head)
        return outcomes
      }
      await this.#withdraw(head)
    }
    throw new Error(`the ledger's head changed ${racesMax} times before this append: the key-value store may be broken`)
  }

  /** Every entry that the head knows of is in the warehouse and folded. Returns the head as it is stored. */
  async #caughtUp(): Promise<Buffer | undefined> {
    for (let waits = 0; ; waits++) {
      const stored = await this.#deps.keyValue.get(headKey)
      if ((await this.standingOf(stored)) === 'reached') return stored
      const wait = finishAfterMs[waits]
      if (wait !== undefined) await sleep(wait)
      else if (waits > finishAfterMs.length + racesMax) throw brokenLedger('its head never arrives in the tables')
      else if (stored) await insertEntries(this.#deps.warehouse, decodeHead(stored).pending)
    }
  }

  /** Our entries lost against others of the same numbers, so the head must not name them; unless it has moved on. */
  async #withdraw(head: Buffer): Promise<void> {
    await this.standingOf(undefined)
    await this.#deps.keyValue.compareAndSet(headKey, head, encodeHead(this.folded.head, []))
  }
}
