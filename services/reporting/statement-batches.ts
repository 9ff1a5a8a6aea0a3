/** Parts of tables that are asked for while a statement runs are read by the next one together. */
import { setImmediate } from 'node:timers/promises'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import { type Part, type PartRow, partsQuery, selectsOf } from './table-parts.ts'
import { tooMuch } from './usage-request.ts'

/** The engine takes 256 KiB of text. */
const selectsMax = 64
const rowsMax = 1_000_000
/** One runs, the other collects; a long one so does not hold up all others where the engine can do two. */
const runningMax = 2

interface Waiting {
  readonly parts: readonly Part[]
  readonly selects: number
  resolve(rows: PartRow[][]): void
  reject(error: unknown): void
}

export class StatementBatches {
  readonly #reader: WarehouseReader
  readonly #waiting: Waiting[] = []
  #running = 0
  #asked = 0
  #answered = 0

  constructor(reader: WarehouseReader) {
    this.#reader = reader
  }

  /**
   * @returns the rows of each part
   * @throws ProblemError 400 when there are too many
   */
  rows(parts: readonly Part[]): Promise<PartRow[][]> {
    if (parts.length === 0) return Promise.resolve([])
    this.#asked++
    const answered = () => {
      this.#answered++
    }
    const rows = this.#rows(parts)
    rows.then(answered, answered)
    return rows
  }

  /** The same number twice: nothing was read between. Undefined: something is being read. */
  get stillness(): number | undefined {
    return this.#asked === this.#answered ? this.#asked : undefined
  }

  #rows(parts: readonly Part[]): Promise<PartRow[][]> {
    const selects = parts.reduce((sum, part) => sum + selectsOf(part), 0)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ parts, selects, resolve, reject })
      if (this.#running < runningMax) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running++
    // Whoever asks in the same turn comes along.
    await setImmediate()
    while (this.#waiting.length > 0) await this.#answer(this.#nextBatch())
    this.#running--
  }

  #nextBatch(): Waiting[] {
    const batch: Waiting[] = []
    let selects = 0
    while (this.#waiting.length > 0 && (batch.length === 0 || selects + this.#waiting[0]!.selects <= selectsMax)) {
      const next = this.#waiting.shift()!
      batch.push(next)
      selects += next.selects
    }
    return batch
  }

  async #answer(batch: readonly Waiting[]): Promise<void> {
    const parts = batch.flatMap((one) => one.parts)
    const rows = await this.#select(parts).catch((error: unknown) => error as Error)
    if (Array.isArray(rows)) {
      let at = 0
      for (const { parts: own, resolve } of batch) {
        resolve(rows.slice(at, at + own.length))
        at += own.length
      }
    } else if (batch.length === 1) batch[0]!.reject(rows)
    // Only whoever asks too much is told so.
    else for (const one of batch) await this.#answer([one])
  }

  async #select(parts: readonly Part[]): Promise<PartRow[][]> {
    const found: PartRow[][] = parts.map(() => [])
    for (const pieces of inStatements(parts)) {
      const { sql, params } = partsQuery(
        pieces.map(({ part }) => part),
        rowsMax,
      )
      const rows = await this.#reader.select<PartRow>(sql, params)
      if (rows.length >= rowsMax)
        throw tooMuch('The range has too many cells. Take a later `from`, an earlier `to`, or fewer dimensions.')
      for (const row of rows) found[pieces[row.part]!.of]!.push(row)
    }
    return found
  }
}

interface Piece {
  readonly part: Part
  /** The index of the part that it is of. */
  readonly of: number
}

/** A part can have more tables than go into a statement. */
function inStatements(parts: readonly Part[]): Piece[][] {
  const statements: Piece[][] = [[]]
  let selects = 0
  const add = (piece: Piece) => {
    const own = selectsOf(piece.part)
    if (selects > 0 && selects + own > selectsMax) {
      statements.push([])
      selects = 0
    }
    statements.at(-1)!.push(piece)
    selects += own
  }
  parts.forEach((part, of) => {
    if (part.kind === 'sizes') add({ part, of })
    else
      for (let at = 0; at < part.masks.length; at += selectsMax)
        add({ part: { ...part, masks: part.masks.slice(at, at + selectsMax) }, of })
  })
  return statements
}
