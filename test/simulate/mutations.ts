/**
 * The controls: the worker with one of its safeguards left out, by ports that leave it out. A simulation that finds
 * nothing wrong with these would find nothing wrong with anything.
 */
import type { Engines } from '../../services/headcount.ts'
import { readPlan } from '../../services/worker/plan.ts'
import { entryBytes } from '../../services/worker/seen-ids-entries.ts'
import type { Assignment } from '../../shared/eventlog/port.ts'
import type { InsertBlock } from '../../shared/warehouse/port.ts'
import { markDataset } from '../../shared/warehouse/schema.ts'
import { overriding } from '../crash/overriding.ts'
import type { Stores } from './process-ports.ts'

export const mutations = [
  'no-plan',
  'no-mark',
  'mark-without-log-id',
  'no-epoch-check',
  'deduplication-without-position',
  'commit-before-insert',
  'two-parts',
  'memory-not-rebuilt',
] as const
export type Mutation = (typeof mutations)[number]

export function mutated(engines: Engines, mutation: Mutation, stores: Stores): Engines {
  switch (mutation) {
    case 'no-plan':
      return { ...engines, log: withCommits(engines.log, (assignment, position) => assignment.commit(position, '')) }
    case 'no-mark':
      return { ...engines, warehouse: withoutMark(engines.warehouse) }
    case 'mark-without-log-id':
      return { ...engines, warehouse: withMarkOfAnyLog(engines.warehouse) }
    case 'no-epoch-check':
      // What kafkajs does by itself: it commits for the generation of the moment, whoever asks. An assignment that is
      // never refused takes itself for current for ever.
      stores.log.isFencing = false
      return engines
    case 'deduplication-without-position':
      return { ...engines, keyValue: withoutPlaces(engines.keyValue) }
    case 'commit-before-insert':
      return {
        ...engines,
        log: withCommits(engines.log, (assignment, position, metadata) =>
          assignment.commit(readPlan(metadata)?.before ?? position, ''),
        ),
      }
    case 'two-parts':
      return { ...engines, warehouse: inTwoParts(engines.warehouse) }
    case 'memory-not-rebuilt':
      return { ...engines, keyValue: takenForComplete(engines.keyValue) }
  }
}

function withCommits(
  log: Engines['log'],
  commit: (assignment: Assignment, position: number, metadata: string) => Promise<void>,
): Engines['log'] {
  return overriding(log, {
    subscribe: (handler) =>
      log.subscribe({
        assigned: (assignment) =>
          handler.assigned(
            overriding(assignment, { commit: (position, metadata) => commit(assignment, position, metadata) }),
          ),
        revoked: (partition) => handler.revoked(partition),
      }),
  })
}

/** Blocks without their mark: the token alone. Where the mark is looked for, the answer is what this process knows. */
function withoutMark(warehouse: Engines['warehouse']): Engines['warehouse'] {
  const inserted = new Map<string, number>()
  return overriding(warehouse, {
    async insert(block) {
      const { mark, cells } = taken(block)
      if (cells.length > 0) await warehouse.insert(blockOf(block, cells, block.token))
      const [, , , , , partition = '', , hi] = mark.split('\t')
      inserted.set(partition, Number(hi))
    },
    async select<Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]> {
      if (!isMarkLookedFor(sql)) return await warehouse.select<Row>(sql, params)
      const hi = inserted.get(String(params?.kp))
      return [{ hi: String(hi ?? 0), rows: hi === undefined ? '0' : '1' }] as Row[]
    },
  })
}

function withMarkOfAnyLog(warehouse: Engines['warehouse']): Engines['warehouse'] {
  return overriding(warehouse, {
    select: <Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]> =>
      warehouse.select<Row>(isMarkLookedFor(sql) ? sql.replace(' AND log = {log:String}', '') : sql, params),
  })
}

/** What was remembered of ids, as if it had been seen before anything else. */
function withoutPlaces(keyValue: Engines['keyValue']): Engines['keyValue'] {
  return overriding(keyValue, {
    async *scan(prefix) {
      for await (const [key, value] of keyValue.scan(prefix)) {
        const changed = Buffer.from(value)
        if (prefix.startsWith('ids/'))
          for (let at = 0; at < changed.length; at += entryBytes) changed.writeDoubleLE(-1, at + 16)
        yield [key, changed] as [string, Buffer]
      }
    },
  })
}

/** A store that has lost everything, taken for one in which nothing has been written yet. */
function takenForComplete(keyValue: Engines['keyValue']): Engines['keyValue'] {
  return overriding(keyValue, {
    get: async (key) => (key.startsWith('ids-complete/') ? Buffer.from('1') : await keyValue.get(key)),
  })
}

/** A block in two inserts, each whole by itself, as an insert over two partitions of a table is. */
function inTwoParts(warehouse: Engines['warehouse']): Engines['warehouse'] {
  return overriding(warehouse, {
    async insert(block) {
      const { mark, cells } = taken(block)
      const half = cells.length >> 1
      await warehouse.insert(blockOf(block, [mark, ...cells.slice(0, half)], block.token))
      if (half < cells.length) await warehouse.insert(blockOf(block, cells.slice(half), `${block.token}/second`))
    },
  })
}

function taken({ lines }: InsertBlock): { mark: string; cells: string[] } {
  const all = lines.split('\n').filter((line) => line !== '')
  return {
    mark: all.find((line) => line.startsWith(`${markDataset}\t`)) ?? '',
    cells: all.filter((line) => !line.startsWith(`${markDataset}\t`)),
  }
}

function blockOf(block: InsertBlock, lines: readonly string[], token: string): InsertBlock {
  return { ...block, lines: `${lines.join('\n')}\n`, rows: lines.length, token }
}

function isMarkLookedFor(sql: string): boolean {
  return sql.includes(`dataset = '${markDataset}'`)
}
