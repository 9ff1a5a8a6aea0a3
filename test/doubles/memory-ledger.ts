/** A ledger in memory that decides and folds as the real one does. */
import type { Clock } from '../../shared/clock.ts'
import { decideBlock } from '../../shared/ledger/decide-block.ts'
import type { Ledger, LedgerEvent, LedgerState } from '../../shared/ledger/port.ts'
import { folded } from '../shared/ledger/folded.ts'

/** `events`: what was appended, without `ledger.begun`. */
export function memoryLedger(clock: Clock): { ledger: Ledger; events: LedgerEvent[] } {
  let state = folded()
  const events: LedgerEvent[] = []
  const ledger: Ledger = {
    state: async () => state,
    async append<Result>(decide: (now: LedgerState) => { events: readonly LedgerEvent[]; result: Result }) {
      const { entries, state: after, outcomes } = decideBlock(state, [decide], new Date(clock.now()).toISOString())
      const [outcome] = outcomes
      if (!outcome || 'error' in outcome) throw outcome?.error
      state = after
      events.push(...entries.map(({ event }) => event))
      return outcome.result as Result
    },
    async *entries() {},
  }
  return { ledger, events }
}
