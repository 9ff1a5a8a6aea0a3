/** The ports of one life of a process, over the stores that all processes share. */
import type { Random } from '../../services/command-line/demo-random.ts'
import type { Engines } from '../../services/headcount.ts'
import type { Timing } from '../../services/worker/timing.ts'
import type { Catalogue } from '../../shared/catalogue.ts'
import type { EventLog } from '../../shared/eventlog/port.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { durabilitySettings, finalDataset, insertColumns, markDataset } from '../../shared/warehouse/schema.ts'
import type { MemoryKeyValue } from '../doubles/memory-key-value.ts'
import type { Calls } from './calls.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { Life } from './life.ts'
import { SimulatedKeyValue } from './simulated-key-value.ts'
import { SimulatedAssignment, type SimulatedLog } from './simulated-log.ts'
import type { SimulatedWarehouse } from './simulated-warehouse.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Stores {
  readonly log: SimulatedLog
  readonly keyValue: MemoryKeyValue
  readonly warehouse: SimulatedWarehouse
}

export function portsOf(
  stores: Stores,
  life: Life,
  calls: Calls,
  group: ConsumerGroup,
  catalogue: Catalogue,
  random: Random,
): Engines {
  return {
    log: logOf(stores.log, life, calls, group),
    keyValue: new SimulatedKeyValue(stores.keyValue, calls, random),
    warehouse: warehouseOf(stores.warehouse, calls, catalogue),
  }
}

function logOf(log: SimulatedLog, life: Life, calls: Calls, group: ConsumerGroup): EventLog {
  return {
    logId: log.logId,
    partitions: log.partitions,
    append: () => Promise.reject(new Error('a worker appends nothing')),
    subscribe: (handler) =>
      calls.make('log.subscribe', '', () =>
        group.join({
          life,
          handler,
          assign: (partition, epoch) => new SimulatedAssignment(log, calls, partition, epoch),
        }),
      ),
    history: () => Promise.reject(new Error('nothing is released in the simulation')),
    expire: () => calls.make('log.expire', '', () => 0),
    bytes: () => calls.make('log.bytes', '', () => 0),
    close: async () => undefined,
  }
}

function warehouseOf(warehouse: SimulatedWarehouse, calls: Calls, catalogue: Catalogue): Warehouse {
  return {
    insert: (block) =>
      calls.make('warehouse.insert', block.token, (isLate) => warehouse.insert(block, isLate), {
        whenTorn: () => warehouse.tear(block),
      }),
    async select<Row>(sql: string, params: Record<string, unknown> = {}): Promise<Row[]> {
      if (sql.includes(`dataset = '${markDataset}'`) && sql.includes('max(hi)')) {
        const log = sql.includes('{log:String}') ? String(params.log) : undefined
        const partition = String(params.kp)
        return [await calls.make('warehouse.mark', partition, () => warehouse.mark(partition, log))] as Row[]
      }
      return await calls.make('warehouse.select', sql.slice(0, 40), () => otherRows(sql, catalogue, warehouse) as Row[])
    },
    command: (sql) => calls.make('warehouse.command', sql.slice(0, 20), () => undefined),
    exportBytes: () => Promise.reject(new Error('nothing is released in the simulation')),
    tableBytes: () => calls.make('warehouse.tableBytes', '', () => 0),
    reader: () => Promise.reject(new Error('a worker has no reader')),
    close: async () => undefined,
  }
}

/** What is asked when tables are prepared and when retention looks for rows past their time: all is as it should be. */
function otherRows(sql: string, catalogue: Catalogue, warehouse: SimulatedWarehouse): Record<string, string>[] {
  if (sql.includes('system.columns')) return insertColumns(catalogue).map((name) => ({ name }))
  if (sql.includes('system.tables')) return [{ sorting_key: '', engine_full: durabilitySettings }]
  if (sql.includes('DISTINCT log')) return []
  if (sql.includes('DISTINCT grain')) return sql.includes(finalDataset) ? [] : warehouse.windows()
  if (sql.includes('count() AS cells')) return [{ cells: '0' }]
  throw new Error(`the simulated warehouse does not know this statement: ${sql.slice(0, 80)}`)
}

/** Waiting, by virtual time: it ends late, and not at all while the process stands still. */
export function timingOf(life: Life, calls: Calls, time: VirtualTime, random: Random): Timing {
  let heldMs = 0
  const atEnd = { value: undefined }
  return {
    sleep: (waitMs) =>
      calls.make(
        'timing.sleep',
        `${waitMs}`,
        () => new Promise<void>((resolve) => void time.after(waitMs, () => resolve())),
        { atEnd },
      ),
    every(everyMs, look) {
      let isOver = false
      const next = () =>
        time.after(everyMs, () =>
          life.reach(() => {
            if (isOver) return
            look()
            next()
          }),
        )
      next()
      return () => {
        isOver = true
      }
    },
    turn: () => calls.make<void>('timing.turn', '', () => undefined, { atEnd }),
    // Now and then a step of the batch has taken its time.
    elapsedMs: () => {
      if (random.chance(0.05)) heldMs += 20
      return heldMs
    },
  }
}
