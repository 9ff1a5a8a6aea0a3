/** Many appends, one sync: while a round is being written, later appends wait and make up the next round. */
import type { Partition } from './partition.ts'
import { type AppendedAt, type AppendRecord, LogUnavailableError } from './port.ts'

interface Waiting {
  records: readonly AppendRecord[]
  bytes: number
  resolve(appended: AppendedAt[]): void
  reject(error: Error): void
}

type Written = { position: number; appendedAt: number } | LogUnavailableError

export class GroupCommit {
  readonly #partitions: readonly Partition[]
  readonly #pendingBytesMax: number
  #waiting: Waiting[] = []
  #pendingBytes = 0
  #rounds: Promise<void> | undefined

  constructor(partitions: readonly Partition[], pendingBytesMax: number) {
    this.#partitions = partitions
    this.#pendingBytesMax = pendingBytesMax
  }

  /** @throws LogUnavailableError when too much is waiting already, or the disk refuses */
  append(records: readonly AppendRecord[]): Promise<AppendedAt[]> {
    let bytes = 0
    for (const { partition, value } of records) {
      if (!this.#partitions[partition]) return Promise.reject(new RangeError(`there is no partition ${partition}`))
      bytes += value.length
    }
    if (records.length === 0) return Promise.resolve([])
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > this.#pendingBytesMax)
      return Promise.reject(new LogUnavailableError(`${this.#pendingBytes} bytes are waiting to become durable`))
    this.#pendingBytes += bytes
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, bytes, resolve, reject })
      this.#rounds ??= this.#run()
    })
  }

  /** Resolves when nothing is waiting any more. */
  async idle(): Promise<void> {
    await this.#rounds
  }

  async #run(): Promise<void> {
    // Requests that arrived in the same turn of the event loop belong in one round.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const round = this.#waiting
      this.#waiting = []
      await this.#write(round)
    }
    this.#rounds = undefined
  }

  async #write(round: readonly Waiting[]): Promise<void> {
    const values = new Map<number, Buffer[]>()
    for (const { records } of round) {
      for (const { partition, value } of records) {
        const ofPartition = values.get(partition)
        if (ofPartition) ofPartition.push(value)
        else values.set(partition, [value])
      }
    }
    const written = new Map<number, Written>()
    await Promise.all(
      [...values].map(async ([partition, ofPartition]) => {
        written.set(partition, await this.#writePartition(partition, ofPartition))
      }),
    )
    for (const waiting of round) {
      this.#pendingBytes -= waiting.bytes
      settle(waiting, written)
    }
  }

  async #writePartition(partition: number, values: readonly Buffer[]): Promise<Written> {
    try {
      return await (this.#partitions[partition] as Partition).write(values)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return new LogUnavailableError(`partition ${partition} cannot be written (${code ?? 'unknown'})`, {
        cause: error,
      })
    }
  }
}

/** Hands out positions in the order in which the records were written; `written` moves on with each. */
function settle({ records, resolve, reject }: Waiting, written: ReadonlyMap<number, Written>): void {
  const appended: AppendedAt[] = []
  let failure: LogUnavailableError | undefined
  for (const { partition } of records) {
    const at = written.get(partition)
    if (at instanceof LogUnavailableError) failure = at
    else if (at) appended.push({ partition, position: at.position++, appendedAt: at.appendedAt })
  }
  if (failure) reject(failure)
  else resolve(appended)
}
