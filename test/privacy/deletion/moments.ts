/**
 * The moments at which something may happen to a worker and its seal: each is a wait of theirs, so that whoever is told
 * of it can choose, hand the partitions over or die there while they stand still.
 */
import type { Engines } from '../../../services/headcount.ts'
import { releasesTable } from '../../../services/release/release-store.ts'
import type { RandomSource } from '../../../services/release/release-types.ts'
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import type { Assignment, PartitionHistory } from '../../../shared/eventlog/port.ts'
import { headKey } from '../../../shared/ledger/ledger-head.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
import { cellsTable, finalDataset } from '../../../shared/warehouse/schema.ts'
import { overriding } from '../../crash/overriding.ts'
import type { Told } from './told.ts'

export const batchMoments = [
  /** The plan is committed; the batch is to be run. */
  'plan',
  /** The batch is run, its ids are saved. */
  'run',
  /** It is asked who has chosen meanwhile; also before a seal reads, and before it draws. */
  'look',
  'insert',
  /** In the table, the worker has not heard of it. */
  'stored',
  'commit',
] as const
export const sealMoments = [
  'reading',
  /** Read; bounding begins. */
  'bounding',
  /** Noise is drawn. */
  'exporting',
  'saving',
  'saved',
  /** The ledger is about to take an entry, and has decided that it does. */
  'claiming',
  'claimed',
  'closing',
] as const
export const choiceMoments = ['choosing', 'chosen'] as const
export const moments = [...batchMoments, ...sealMoments, ...choiceMoments] as const
export type Moment = (typeof moments)[number]

export interface Observer {
  at(moment: Moment): Promise<void>
  tell(told: Told): void
}

export function observedEngines(engines: Engines, { at, tell }: Observer): Engines {
  const { log, keyValue, warehouse } = engines
  return {
    log: overriding(log, {
      subscribe: (handler) =>
        log.subscribe({
          assigned: (assignment) => handler.assigned(observedAssignment(assignment, at)),
          revoked: (partition) => handler.revoked(partition),
        }),
      history: async () => (await log.history()).map((history) => observedHistory(history, at)),
    }),
    keyValue: overriding(keyValue, {
      async put(key, value, options) {
        await keyValue.put(key, value, options)
        if (key.startsWith('ids/')) await at('run')
      },
      async compareAndSet(key, expected, value) {
        if (key !== headKey) return await keyValue.compareAndSet(key, expected, value)
        await at('claiming')
        const isSet = await keyValue.compareAndSet(key, expected, value)
        await at('claimed')
        return isSet
      },
    }),
    warehouse: overriding(warehouse, {
      async insert(block) {
        if (block.table === releasesTable) {
          await at('saving')
          await warehouse.insert(block)
          return await at('saved')
        }
        if (block.table !== cellsTable) return await warehouse.insert(block)
        // Every block starts with its mark, which says whose it is.
        const [dataset, , , , , partition = '', , hi] = block.lines.slice(0, block.lines.indexOf('\n')).split('\t')
        if (dataset === finalDataset) {
          await at('closing')
          return await warehouse.insert(block)
        }
        const place = { before: Number(hi) + 1 }
        tell({ inserting: Number(partition), ...place })
        await at('insert')
        await warehouse.insert(block)
        tell({ inserted: Number(partition), ...place })
        await at('stored')
      },
      async exportBytes(sql, format, settings) {
        await at('exporting')
        return await warehouse.exportBytes(sql, format, settings)
      },
    }),
  }
}

function observedAssignment(assignment: Assignment, at: Observer['at']): Assignment {
  return overriding(assignment, {
    async commit(position, metadata) {
      if (metadata === '') await at('commit')
      await assignment.commit(position, metadata)
      if (metadata !== '') await at('plan')
    },
  })
}

function observedHistory(history: PartitionHistory, at: Observer['at']): PartitionHistory {
  // A seal's plan only asks for the bounds.
  let isRead = false
  return overriding(history, {
    async read(from, limit) {
      isRead = true
      await at('reading')
      return await history.read(from, limit)
    },
    async close() {
      await history.close()
      if (isRead) await at('bounding')
    },
  })
}

export function observedBook(book: ChoiceBook, { at, tell }: Observer): ChoiceBook {
  const log = overriding(book.log, {
    async catchUp() {
      await at('look')
      tell({ look: true })
      await book.log.catchUp()
    },
    async append(choice) {
      await at('choosing')
      const kept = await book.log.append(choice)
      tell({ chosen: kept.id })
      await at('chosen')
      return kept
    },
  })
  return { ...book, log }
}

export function observedLedger(ledger: Ledger, { tell }: Observer): Ledger {
  return overriding(ledger, {
    async append(decide) {
      let isSealed = false
      const result = await ledger.append((state) => {
        const decided = decide(state)
        isSealed = decided.events.some(({ kind }) => kind === 'release.sealed')
        return decided
      })
      if (isSealed) tell({ sealed: true })
      return result
    },
  })
}

/**
 * Randomness of which the sampler makes zero (discrete-gaussian.ts: 0 twice for the candidate, a coin that ends it, a plus,
 * and a coin that takes it), so that a release shows exactly who is in it.
 */
export function zeroNoise({ tell }: Observer): RandomSource {
  const answers = [() => 0n, () => 0n, () => 0n, () => 1n, () => 0n, (bound: bigint) => bound - 1n]
  let draws = 0
  return {
    below(bound) {
      tell({ drawing: true })
      return (answers[draws++ % answers.length] as (bound: bigint) => bigint)(bound)
    },
  }
}

/** The control: nobody looks again. What is chosen between a batch's beginning and its end is not seen. */
export function withoutLooking(book: ChoiceBook): ChoiceBook {
  const choices = overriding(book.log.choices, { version: 0 })
  return { ...book, log: overriding(book.log, { choices, catchUp: async () => undefined }) }
}
