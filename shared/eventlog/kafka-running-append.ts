/** One call of `append` until it is answered: the records of each partition apart, and the one promise for all of them. */
import type { AppendedAt, AppendRecord } from './port.ts'

const batchRecordsMax = 2000
const batchBytesMax = 4 * 1024 * 1024

/** Where the first of a unit's records is; the others follow it. */
export interface FirstAppended {
  readonly position: number
  readonly appendedAt: number
}

/** Some records of one append that go to one partition, no more of them than a batch may have. */
export interface Unit {
  readonly append: RunningAppend
  readonly partition: number
  readonly values: Buffer[]
  bytes: number
  appended: FirstAppended | undefined
}

export class RunningAppend {
  /** Rejects with the first error that is told. */
  readonly answer: Promise<AppendedAt[]>
  /** By partition, in each in the order of the records. */
  readonly units: Unit[] = []
  readonly bytes: number
  /** By `performance.now()`. */
  readonly deadline: number
  /** It has failed for want of time: nothing of it is sent any more. */
  isOver = false
  readonly #records: readonly AppendRecord[]
  #left = 0
  #resolve!: (appended: AppendedAt[]) => void
  #reject!: (error: Error) => void

  constructor(records: readonly AppendRecord[], deadline: number) {
    this.deadline = deadline
    this.#records = records
    let bytes = 0
    for (const { partition, value } of records) {
      bytes += value.length
      this.#unitFor(partition, value.length).values.push(value)
    }
    this.bytes = bytes
    this.#left = this.units.length
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** @returns whether the append is answered by it */
  settle(unit: Unit, outcome: FirstAppended | Error): boolean {
    if (outcome instanceof Error) {
      this.#reject(outcome)
      return true
    }
    unit.appended = outcome
    if (--this.#left > 0) return false
    this.#resolve(this.units.length === 1 ? positionsOf(unit) : this.#inOrder())
    return true
  }

  expire(error: Error): void {
    this.isOver = true
    this.#reject(error)
  }

  #unitFor(partition: number, bytes: number): Unit {
    const open = this.units.findLast((unit) => unit.partition === partition)
    if (open && open.values.length < batchRecordsMax && open.bytes + bytes <= batchBytesMax) {
      open.bytes += bytes
      return open
    }
    const unit: Unit = { append: this, partition, values: [], bytes, appended: undefined }
    this.units.push(unit)
    return unit
  }

  /** As the records are, of which each partition has some. */
  #inOrder(): AppendedAt[] {
    const positions = new Map<number, AppendedAt[]>()
    for (const unit of this.units)
      positions.set(unit.partition, [...(positions.get(unit.partition) ?? []), ...positionsOf(unit)])
    const used = new Map<number, number>()
    return this.#records.map(({ partition }) => {
      const index = used.get(partition) ?? 0
      used.set(partition, index + 1)
      return positions.get(partition)![index]!
    })
  }
}

/** Whether two units fit into one batch that has so many records and bytes already. */
export function fits(unit: Unit, records: number, bytes: number): boolean {
  return records + unit.values.length <= batchRecordsMax && bytes + unit.bytes <= batchBytesMax
}

function positionsOf({ partition, values, appended }: Unit): AppendedAt[] {
  const { position, appendedAt } = appended!
  return values.map((_, index) => ({ partition, position: position + index, appendedAt }))
}
