/**
 * The second pass of a seal: bucket by bucket, each unit's events bounded and added to the cells. A unit's state goes
 * with its bucket.
 */
import { KeyedHash } from '../../../shared/keyed-hash.ts'
import { BoundedUnit } from './bound-unit.ts'
import { CellTotals } from './exact-cells.ts'
import { eventBytes, kindBytes } from './hashed-record.ts'
import { readMemberships } from './released-values.ts'
import { cellIn, type SealLevel } from './seal-levels.ts'
import type { UnitBuckets } from './unit-buckets.ts'

const unitsPerTurn = 2000
const recordsPerTurn = 500

export interface BoundDayTools {
  readonly levels: readonly SealLevel[]
  readonly sealKey: Uint8Array
  /** Folder for cells beyond what memory should hold. */
  readonly runsDir: string
  /** Told after each bucket, in bytes. */
  readonly onBounded: (bytes: number, units: number) => Promise<void>
  /** Lets others have a turn. */
  readonly turn: () => Promise<void>
  readonly cellsInMemoryMax?: number
}

export async function boundDay(buckets: UnitBuckets, tools: BoundDayTools): Promise<CellTotals> {
  const { levels } = tools
  // Its own key, so that which cells are kept follows from nothing that is written down.
  const priorities = new KeyedHash(new KeyedHash(tools.sealKey).digest('priority'))
  const totals = new CellTotals(tools.runsDir, levels.length, tools.cellsInMemoryMax)
  const places = new Places(levels)
  const prioritiesOf = (unit: string) =>
    levels.map((level) => new BoundedUnit(level, (cell) => priorities.digestLatin1(unit + level.label + cell)))
  for await (const { records, bytes } of buckets.read()) {
    const units = new Map<string, BoundedUnit[]>()
    let count = 0
    for await (const { unit, shapes, events } of records) {
      let bounded = units.get(unit)
      if (!bounded) {
        bounded = prioritiesOf(unit)
        units.set(unit, bounded)
      }
      const placesOf = shapes.map((text) => places.of(text))
      for (let at = 0; at < events.length; at += eventBytes) {
        const id = events.toString('latin1', at + kindBytes, at + eventBytes)
        const list = placesOf[events.readUInt32LE(at)] as readonly Place[]
        for (let index = 0; index < list.length; index++) {
          const { level, cell, measures } = list[index] as Place
          ;(bounded[level] as BoundedUnit).add(cell, id, measures)
        }
      }
      if (++count % recordsPerTurn === 0) await tools.turn()
    }
    count = 0
    for (const bounded of units.values()) {
      for (const [index, unit] of bounded.entries())
        for (const contribution of unit.contributions()) totals.add(index, contribution)
      if (++count % unitsPerTurn === 0) {
        await totals.spill()
        await tools.turn()
      }
    }
    await tools.onBounded(bytes, units.size)
  }
  return totals
}

/** Where an event of some shape counts: the cells of every level of its datasets. */
interface Place {
  readonly level: number
  readonly cell: string
  readonly measures: readonly number[]
}

const placesMax = 20_000

/** Shapes are few and come again and again. */
class Places {
  readonly #levels: readonly SealLevel[]
  readonly #known = new Map<string, readonly Place[]>()

  constructor(levels: readonly SealLevel[]) {
    this.#levels = levels
  }

  of(text: string): readonly Place[] {
    let found = this.#known.get(text)
    if (!found) {
      found = readMemberships(text).flatMap((membership) =>
        this.#levels.flatMap((level, index) =>
          level.dataset === membership.dataset
            ? [{ level: index, cell: cellIn(level, membership), measures: membership.measures }]
            : [],
        ),
      )
      if (this.#known.size >= placesMax) this.#known.clear()
      this.#known.set(text, found)
    }
    return found
  }
}
