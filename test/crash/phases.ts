/**
 * Where a host is: every call that matters for exactly-once says when it starts and when it has ended, so that a kill
 * can be aimed at a phase, and the campaign can tell afterwards what its kills have hit.
 */
import type { Engines } from '../../services/headcount.ts'
import type { Assignment } from '../../shared/eventlog/port.ts'
import { cellsTable, finalDataset, markDataset } from '../../shared/warehouse/schema.ts'
import { overriding } from './overriding.ts'

export const batchPhases = [
  /** A commit with a plan is being written. */
  'plan',
  /** Planned; the batch runs and writes its memory. */
  'run',
  'insert',
  /** The cells are in the table, the log does not know yet. */
  'stored',
  'commit',
] as const
export const closePhases = [
  /** Integers and their marks are being inserted. */
  'finalise',
  'finalised',
  /** The open rows are being rewritten away. */
  'remove',
  /** A key is being destroyed. */
  'destroy',
] as const
export const phases = ['start', 'append', ...batchPhases, ...closePhases] as const
export type Phase = (typeof phases)[number]

/** @param place what is in that phase: a partition's number, `append`, `close` or `start` */
export type EnterPhase = (place: string, phase: Phase | 'idle') => void

/** The engines, telling `enter` of every phase. */
export function observedEngines(engines: Engines, enter: EnterPhase): Engines {
  return {
    log: observedLog(engines.log, enter),
    keyValue: observedKeyValue(engines.keyValue, enter),
    warehouse: observedWarehouse(engines.warehouse, enter),
  }
}

function observedLog(log: Engines['log'], enter: EnterPhase): Engines['log'] {
  let appending = 0
  return overriding(log, {
    async append(records) {
      if (appending++ === 0) enter('append', 'append')
      try {
        return await log.append(records)
      } finally {
        if (--appending === 0) enter('append', 'idle')
      }
    },
    subscribe: (handler) =>
      log.subscribe({
        assigned: (assignment) => handler.assigned(observedAssignment(assignment, enter)),
        revoked: (partition) => handler.revoked(partition),
      }),
  })
}

function observedAssignment(assignment: Assignment, enter: EnterPhase): Assignment {
  const place = String(assignment.partition)
  return overriding(assignment, {
    async commit(position, metadata) {
      enter(place, metadata === '' ? 'commit' : 'plan')
      await assignment.commit(position, metadata)
      enter(place, metadata === '' ? 'idle' : 'run')
    },
  })
}

function observedWarehouse(warehouse: Engines['warehouse'], enter: EnterPhase): Engines['warehouse'] {
  return overriding(warehouse, {
    async insert(block) {
      // The ledger and the releases have kills of their own: npm run release-kills.
      if (block.table !== cellsTable) return await warehouse.insert(block)
      const [place, during, after] = placeOfInsert(block.lines)
      enter(place, during)
      await warehouse.insert(block)
      enter(place, after)
    },
    async command(sql, params) {
      if (!sql.startsWith('ALTER TABLE') || !sql.includes('DELETE WHERE')) return await warehouse.command(sql, params)
      enter('close', 'remove')
      await warehouse.command(sql, params)
      enter('close', 'idle')
    },
  })
}

/** Every block starts with its mark, which says whose it is. */
function placeOfInsert(lines: string): [place: string, during: Phase, after: Phase | 'idle'] {
  const [dataset, , , , , partition = ''] = lines.slice(0, lines.indexOf('\n')).split('\t')
  if (dataset === markDataset) return [partition, 'insert', 'stored']
  if (dataset === finalDataset) return ['close', 'finalise', 'finalised']
  throw new Error('a block that starts with no mark')
}

function observedKeyValue(keyValue: Engines['keyValue'], enter: EnterPhase): Engines['keyValue'] {
  const secrets = overriding(keyValue.secrets, {
    async destroy(name) {
      enter('close', 'destroy')
      await keyValue.secrets.destroy(name)
      enter('close', 'idle')
    },
  })
  return overriding(keyValue, { secrets })
}
