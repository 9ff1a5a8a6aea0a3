/**
 * The controls: the pipeline with one of its safeguards left out, in the campaign's own copy of the engines. A campaign
 * that finds nothing wrong with these would find nothing wrong with anything.
 */
import { randomUUID } from 'node:crypto'
import type { Engines } from '../../services/headcount.ts'
import { cellsTable, markDataset } from '../../shared/warehouse/schema.ts'
import { overriding } from './overriding.ts'

export const mutations = ['no-mark', 'no-plan'] as const
export type Mutation = (typeof mutations)[number]

export function mutated(engines: Engines, mutation: Mutation): Engines {
  switch (mutation) {
    case 'no-mark':
      return { ...engines, warehouse: withoutMark(engines.warehouse) }
    case 'no-plan':
      return { ...engines, log: withoutPlan(engines.log) }
  }
}

/**
 * Blocks without their mark. Where the mark is looked for, the answer is what this process has inserted: without that
 * the pipeline would miss the mark right after its insert and stop, and the control would show no more than that.
 */
function withoutMark(warehouse: Engines['warehouse']): Engines['warehouse'] {
  const inserted = new Map<string, number>()
  return overriding(warehouse, {
    async insert(block) {
      if (block.table !== cellsTable) return await warehouse.insert(block)
      const lines = block.lines.split('\n').filter((line) => line !== '')
      const cells = lines.filter((line) => !line.startsWith(`${markDataset}\t`))
      // A token of its own: the fence against zombies must not stand in for the mark.
      const token = `${block.token}/${randomUUID()}`
      if (cells.length > 0)
        await warehouse.insert({ ...block, lines: `${cells.join('\n')}\n`, rows: cells.length, token })
      for (const line of lines) {
        const [dataset, , , , , partition = '', , hi] = line.split('\t')
        if (dataset === markDataset) inserted.set(partition, Number(hi))
      }
    },
    async select<Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]> {
      if (!sql.includes(`dataset = '${markDataset}'`)) return await warehouse.select<Row>(sql, params)
      const hi = inserted.get(String(params?.kp))
      return [{ hi: String(hi ?? 0), rows: hi === undefined ? '0' : '1' }] as Row[]
    },
  })
}

/** Commits without their metadata: what is read after a restart is not the stretch that was being stored before it. */
function withoutPlan(log: Engines['log']): Engines['log'] {
  return overriding(log, {
    subscribe: (handler) =>
      log.subscribe({
        assigned: (assignment) =>
          handler.assigned(overriding(assignment, { commit: (position) => assignment.commit(position, '') })),
        revoked: (partition) => handler.revoked(partition),
      }),
  })
}
