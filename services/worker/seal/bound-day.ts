/**
 * The second pass of a seal: bucket by bucket, each unit's events bounded and added to the cells. A unit's state goes
 * with its bucket. Who chooses afterwards not to be in the day is taken out again: their buckets are read once more, and
 * what they had added is subtracted, so that a choice costs its unit's bucket and not the day.
 */
import { KeyedHash } from '../../../shared/keyed-hash.ts'
import { BoundedUnit } from './bound-unit.ts'
import { CellTotals } from './exact-cells.ts'
import { eventBytes, kindBytes } from './hashed-record.ts'
import type { Cuts } from './late-choices.ts'
import { readMemberships } from './released-values.ts'
import { cellIn, type SealLevel } from './seal-levels.ts'
import type { BucketRecord, UnitBuckets } from './unit-buckets.ts'

const unitsPerTurn = 2000
const recordsPerTurn = 500

export interface BoundDayTools {
  readonly levels: readonly SealLevel[]
  readonly sealKey: Uint8Array
  /** Folder for cells beyond what memory should hold. */
  readonly runsDir: string
  /** Whom to leave out from the beginning. */
  readonly cuts: Cuts
  /** Told after each bucket, in bytes. */
  readonly onBounded: (bytes: number, units: number) => Promise<void>
  /** Lets others have a turn. */
  readonly turn: () => Promise<void>
  readonly cellsInMemoryMax?: number
}

/** Contributions of some units, by unit and level. */
type Bounded = ReadonlyMap<string, readonly BoundedUnit[]>

/** The day's cells, and how to take somebody out of them again. */
export class BoundedDay {
  readonly totals: CellTotals
  readonly #buckets: UnitBuckets
  readonly #tools: BoundDayTools
  readonly #priorities: KeyedHash
  readonly #places: Places
  /** Who is left out of `totals`. */
  #cuts: Cuts

  private constructor(buckets: UnitBuckets, tools: BoundDayTools) {
    const { levels, sealKey, runsDir, cellsInMemoryMax } = tools
    this.#buckets = buckets
    this.#tools = tools
    this.#cuts = new Map(tools.cuts)
    // Its own key, so that which cells are kept follows from nothing that is written down.
    this.#priorities = new KeyedHash(new KeyedHash(sealKey).digest('priority'))
    this.totals = new CellTotals(runsDir, levels.length, cellsInMemoryMax)
    this.#places = new Places(levels)
  }

  static async of(buckets: UnitBuckets, tools: BoundDayTools): Promise<BoundedDay> {
    const day = new BoundedDay(buckets, tools)
    for await (const { records, bytes } of buckets.read()) {
      const units = await day.#bound(records, day.#cuts)
      await day.#change(units, 'add')
      await tools.onBounded(bytes, units.size)
    }
    return day
  }

  /** Takes out what these have in the cells from before their time. */
  async leaveOut(late: Cuts): Promise<void> {
    const cuts: Cuts = new Map([...this.#cuts, ...late])
    for (const records of this.#buckets.again(late.keys())) {
      await this.#change(await this.#bound(of(late, records()), this.#cuts), 'subtract')
      await this.#change(await this.#bound(of(late, records()), cuts), 'add')
      await this.#tools.turn()
    }
    this.#cuts = cuts
  }

  async #bound(records: AsyncIterable<BucketRecord>, cuts: Cuts): Promise<Bounded> {
    const units = new Map<string, BoundedUnit[]>()
    let count = 0
    for await (const record of records) {
      const { unit, from } = record
      if (cuts.size > 0 && from <= (cuts.get(unit) ?? Number.NEGATIVE_INFINITY)) continue
      let bounded = units.get(unit)
      if (!bounded) {
        bounded = this.#unitOf(unit)
        units.set(unit, bounded)
      }
      this.#add(bounded, record)
      if (++count % recordsPerTurn === 0) await this.#tools.turn()
    }
    return units
  }

  #unitOf(unit: string): BoundedUnit[] {
    return this.#tools.levels.map(
      (level) => new BoundedUnit(level, (cell) => this.#priorities.digestLatin1(unit + level.label + cell)),
    )
  }

  #add(bounded: readonly BoundedUnit[], { shapes, events }: BucketRecord): void {
    const placesOf = shapes.map((text) => this.#places.of(text))
    for (let at = 0; at < events.length; at += eventBytes) {
      const id = events.toString('latin1', at + kindBytes, at + eventBytes)
      const list = placesOf[events.readUInt32LE(at)] as readonly Place[]
      for (let index = 0; index < list.length; index++) {
        const { level, cell, measures } = list[index] as Place
        ;(bounded[level] as BoundedUnit).add(cell, id, measures)
      }
    }
  }

  async #change(units: Bounded, how: 'add' | 'subtract'): Promise<void> {
    let count = 0
    for (const bounded of units.values()) {
      for (const [level, unit] of bounded.entries())
        for (const contribution of unit.contributions()) this.totals[how](level, contribution)
      if (++count % unitsPerTurn === 0) {
        await this.totals.spill()
        await this.#tools.turn()
      }
    }
  }
}

async function* of(units: Cuts, records: AsyncIterable<BucketRecord>): AsyncGenerator<BucketRecord> {
  for await (const record of records) if (units.has(record.unit)) yield record
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
