/**
 * The warehouse of a simulation: parts that are there whole or not at all, and ClickHouse's deduplication by token with
 * its weakness: the token is written before the part is, so that a server that dies between the two refuses a block that
 * it does not have.
 */
import type { InsertBlock } from '../../shared/warehouse/port.ts'
import { dimensionColumn, markDataset, measureColumns } from '../../shared/warehouse/schema.ts'
import type { Counts } from './counts.ts'

export interface StoredCell {
  events: number
  weight: number
  readonly units: Set<string>
}

interface Mark {
  readonly log: string
  readonly partition: string
  readonly hi: number
}

export class SimulatedWarehouse {
  /** By `cellKey`. */
  readonly cells = new Map<string, StoredCell>()
  readonly #tokens = new Set<string>()
  readonly #torn = new Set<string>()
  readonly #marks: Mark[] = []
  readonly #counts: Counts

  constructor(counts: Counts) {
    this.#counts = counts
  }

  /** @param isLate whether the one who sent it has gone */
  insert(block: InsertBlock, isLate: boolean): void {
    if (isLate) this.#counts.note('inserts that arrived late')
    if (this.#tokens.has(block.token)) {
      this.#counts.note(isLate ? 'late inserts fenced by their token' : 'inserts fenced by their token')
      return
    }
    this.#tokens.add(block.token)
    this.#counts.note('parts stored')
    if (isLate) this.#counts.note('late inserts that were stored')
    this.#addPart(block)
  }

  /**
   * What a server that dies in this insert may leave behind: its token without its part. Once for each block: should it
   * come twice the worker stops with an error, as it has to.
   */
  tear({ token }: InsertBlock): void {
    const block = token.replace(/\/r\d+$/, '')
    if (this.#torn.has(block) || this.#tokens.has(token)) return
    this.#torn.add(block)
    this.#tokens.add(token)
    this.#counts.note('tokens without their part')
  }

  /** The last position that is stored of that partition; of any log when `log` is undefined. */
  mark(partition: string, log: string | undefined): { hi: string; rows: string } {
    const found = this.#marks.filter((mark) => mark.partition === partition && (log === undefined || mark.log === log))
    return { hi: String(Math.max(0, ...found.map(({ hi }) => hi))), rows: String(found.length) }
  }

  /** The windows that have cells, all of them open. */
  windows(): { grain: string; start: string }[] {
    const found = new Set([...this.cells.keys()].map((key) => key.split(' ').slice(1).join(' ')))
    return [...found].map((window) => {
      const [grain = '', start] = window.split(' ')
      return { grain, start: String(Number(start) / 1000) }
    })
  }

  #addPart({ columns, lines }: InsertBlock): void {
    const at = (name: string) => columns.indexOf(name)
    const { sum } = measureColumns('weight')
    const columnsAt = [at('dataset'), at('grain'), at('window'), at('kp'), at('log'), at('hi')]
    const [featureAt, eventsAt, unitsAt, weightAt] = [
      at(dimensionColumn('feature')),
      at('events'),
      at('units'),
      at(sum),
    ]
    for (const line of lines.split('\n')) {
      if (line === '') continue
      const fields = line.split('\t')
      const [dataset = '', grain = '', window = '', partition = '', log = '', hi] = columnsAt.map((c) => fields[c])
      if (dataset === markDataset) {
        this.#addMark({ log, partition, hi: Number(hi) })
        continue
      }
      const cell = this.#cell(cellKey(grain, Number(window) * 1000, fields[featureAt] ?? ''))
      cell.events += Number(fields[eventsAt])
      cell.weight += Number(fields[weightAt])
      for (const unit of fields[unitsAt]?.slice(1, -1).split(',') ?? []) if (unit !== '') cell.units.add(unit)
    }
  }

  #addMark(mark: Mark): void {
    const same = this.#marks.findIndex(({ log, partition }) => log === mark.log && partition === mark.partition)
    if (same < 0) this.#marks.push(mark)
    else if (mark.hi > this.#marks[same]!.hi) this.#marks[same] = mark
  }

  #cell(key: string): StoredCell {
    let cell = this.cells.get(key)
    if (!cell) {
      cell = { events: 0, weight: 0, units: new Set() }
      this.cells.set(key, cell)
    }
    return cell
  }
}

/** @param window ms since the Unix epoch */
export function cellKey(grain: string, window: number, feature: string): string {
  return `${feature} ${grain} ${window}`
}
