/**
 * Appending to Kafka: one request on its way to each leader; what arrives meanwhile makes up the next one. A request
 * that fails in a way that passes is sent again until the append's time is over, so a record may be there twice, which
 * the port allows and the worker mends by event id.
 */

import { batchBytes, encodeBatch } from './kafka-batch.ts'
import type { KafkaCluster } from './kafka-cluster.ts'
import { inWords, KafkaAnswerError } from './kafka-error.ts'
import { type Produced, produceExchange } from './kafka-requests.ts'
import { type AppendedAt, type AppendRecord, LogUnavailableError } from './port.ts'

const batchRecordsMax = 2000
const batchBytesMax = 4 * 1024 * 1024
const roomBytesMin = 256 * 1024
const retryMs = 100
const purpose = 'append'
/** Below every number that Kafka uses. */
const noAnswerCode = Number.NEGATIVE_INFINITY

export interface KafkaAppendsOptions {
  topic: string
  /** Most bytes waiting for Kafka; one append on its own may be larger. */
  pendingBytesMax: number
  /** An append that is not acknowledged by then fails. */
  appendTimeoutMs: number
  /** How the values of one request become a batch. Without: as they are, without keys. */
  encode?: typeof encodeBatch
}

/** The records of one append that go to one partition. */
interface Unit {
  readonly values: readonly Buffer[]
  readonly bytes: number
  readonly settle: (outcome: { position: number; appendedAt: number } | LogUnavailableError) => void
  /** The append has failed meanwhile: not sent any more. */
  over: boolean
}

export class KafkaAppends {
  readonly #cluster: KafkaCluster
  readonly #options: KafkaAppendsOptions
  readonly #queues = new Map<number, Unit[]>()
  /** Where the next request to a leader is put together. */
  readonly #rooms = new Map<number, Buffer>()
  readonly #busyLeaders = new Set<number>()
  /** Partitions whose last request failed: not sent to before the next look at the brokers. */
  readonly #resting = new Set<number>()
  readonly #running = new Set<Promise<unknown>>()
  #pendingBytes = 0
  #pumpIsDue = false
  #retryTimer: NodeJS.Timeout | undefined
  #lastFailure = 'no answer'

  constructor(cluster: KafkaCluster, options: KafkaAppendsOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** @throws LogUnavailableError when too much is waiting, or no acknowledgement came in time */
  append(records: readonly AppendRecord[]): Promise<AppendedAt[]> {
    const values = new Map<number, Buffer[]>()
    let bytes = 0
    for (const { partition, value } of records) {
      if (this.#cluster.topic.leaders[partition] === undefined)
        return Promise.reject(new RangeError(`there is no partition ${partition}`))
      bytes += value.length
      const ofPartition = values.get(partition)
      if (ofPartition) ofPartition.push(value)
      else values.set(partition, [value])
    }
    if (records.length === 0) return Promise.resolve([])
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > this.#options.pendingBytesMax)
      return Promise.reject(new LogUnavailableError(`${this.#pendingBytes} bytes are waiting for Kafka`))
    const running = this.#write(records, values)
    this.#running.add(running)
    const done = () => this.#running.delete(running)
    running.then(done, done)
    return running
  }

  /** Resolves when every append that runs now has settled. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#running])
  }

  async #write(records: readonly AppendRecord[], values: Map<number, Buffer[]>): Promise<AppendedAt[]> {
    const units: Unit[] = []
    let timer: NodeJS.Timeout | undefined
    const timeIsUp = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        for (const unit of units) unit.over = true
        const { appendTimeoutMs } = this.#options
        reject(new LogUnavailableError(`Kafka did not acknowledge within ${appendTimeoutMs} ms (${this.#lastFailure})`))
      }, this.#options.appendTimeoutMs)
    })
    const written = [...values].map(async ([partition, ofPartition]) => {
      const batches = inBatches(ofPartition).map((batch) => this.#enqueue(partition, batch, units))
      return [partition, (await Promise.all(batches)).flat()] as const
    })
    try {
      const appended = new Map(await Promise.race([Promise.all(written), timeIsUp]))
      const used = new Map<number, number>()
      return records.map(({ partition }) => {
        const index = used.get(partition) ?? 0
        used.set(partition, index + 1)
        return appended.get(partition)![index]!
      })
    } finally {
      clearTimeout(timer)
    }
  }

  #enqueue(partition: number, values: readonly Buffer[], units: Unit[]): Promise<AppendedAt[]> {
    const bytes = values.reduce((sum, { length }) => sum + length, 0)
    this.#pendingBytes += bytes
    return new Promise((resolve, reject) => {
      const settle: Unit['settle'] = (outcome) => {
        this.#pendingBytes -= bytes
        if (outcome instanceof LogUnavailableError) reject(outcome)
        else resolve(appendedFrom(partition, values.length, outcome))
      }
      const unit = { values, bytes, settle, over: false }
      units.push(unit)
      const queue = this.#queues.get(partition)
      if (queue) queue.push(unit)
      else this.#queues.set(partition, [unit])
      this.#pumpSoon()
    })
  }

  /** Requests that arrived in the same turn of the event loop belong in one batch. */
  #pumpSoon(): void {
    if (this.#pumpIsDue) return
    this.#pumpIsDue = true
    setImmediate(() => {
      this.#pumpIsDue = false
      this.#pump()
    })
  }

  /** Sends what waits to every leader that has nothing on its way. */
  #pump(): void {
    const byLeader = new Map<number, Map<number, Unit[]>>()
    let stuck = false
    for (const [partition, queue] of this.#queues) {
      if (this.#resting.has(partition)) continue
      const leader = this.#cluster.leaderOf(partition)
      if (leader !== undefined && this.#busyLeaders.has(leader)) continue
      const units = take(queue, leader === undefined)
      if (queue.length === 0) this.#queues.delete(partition)
      else if (leader === undefined) stuck = true
      if (units.length === 0) continue
      const ofLeader = byLeader.get(leader as number) ?? new Map<number, Unit[]>()
      byLeader.set(leader as number, ofLeader.set(partition, units))
    }
    for (const [leader, batches] of byLeader) void this.#send(leader, batches)
    if (stuck) this.#tryAgainLater()
  }

  async #send(leader: number, units: Map<number, Unit[]>): Promise<void> {
    this.#busyLeaders.add(leader)
    try {
      const answers = new Map((await this.#produce(leader, units)).map((answer) => [answer.partition, answer]))
      // Not every broker answers for every partition it was sent (kafkajs issue 1798): what is missing is not there.
      for (const [partition, ofPartition] of units) this.#settle(partition, ofPartition, answers.get(partition))
    } catch (error) {
      this.#lastFailure = inWords(error)
      await this.#cluster.drop(leader, purpose)
      for (const [partition, ofPartition] of units) this.#putBack(partition, ofPartition)
    }
    this.#busyLeaders.delete(leader)
    this.#pumpSoon()
  }

  async #produce(leader: number, units: ReadonlyMap<number, readonly Unit[]>): Promise<Produced[]> {
    // Half of the append's time, so that another leader can still be tried when this one does not answer.
    const timeoutMs = Math.ceil(this.#options.appendTimeoutMs / 2)
    const link = await this.#cluster.link(leader, purpose, timeoutMs)
    const now = Date.now()
    const { encode = encodeBatch } = this.#options
    const values = [...units].map(([partition, ofPartition]) => {
      return [partition, ofPartition.flatMap((unit) => unit.values)] as const
    })
    const room = this.#roomFor(
      leader,
      values.reduce((sum, [, ofPartition]) => sum + batchBytes(ofPartition), 0),
    )
    let at = 0
    const batches = new Map<number, Buffer>()
    for (const [partition, ofPartition] of values) {
      const batch = encode(ofPartition, now, room.subarray(at))
      at += batch.length
      batches.set(partition, batch)
    }
    const produced = await link.send(produceExchange(this.#options.topic, batches, timeoutMs))
    // Only now: a request that failed may still be on its way into the socket.
    this.#rooms.set(leader, room)
    return produced
  }

  #roomFor(leader: number, bytes: number): Buffer {
    const room = this.#rooms.get(leader)
    this.#rooms.delete(leader)
    return room && room.length >= bytes ? room : Buffer.allocUnsafeSlow(Math.max(bytes, roomBytesMin))
  }

  #settle(partition: number, units: readonly Unit[], answer: Produced | undefined): void {
    const errorCode = answer?.errorCode ?? noAnswerCode
    if (!answer || errorCode !== 0) {
      const error = errorCode === noAnswerCode ? undefined : new KafkaAnswerError(errorCode)
      this.#lastFailure = error ? inWords(error) : `no answer about partition ${partition}`
      if (!error || error.retriable) this.#putBack(partition, units)
      else
        for (const unit of units)
          unit.settle(new LogUnavailableError(`Kafka refuses records for partition ${partition} (${error.type})`))
      return
    }
    let { position } = answer
    for (const unit of units) {
      if (answer.appendedAt < 0)
        unit.settle(
          new LogUnavailableError('the topic does not keep append times: set message.timestamp.type=LogAppendTime'),
        )
      else unit.settle({ position, appendedAt: answer.appendedAt })
      position += unit.values.length
    }
  }

  /** To the front, so that a sender's order is kept. */
  #putBack(partition: number, units: readonly Unit[]): void {
    this.#queues.set(partition, [...units, ...(this.#queues.get(partition) ?? [])])
    this.#resting.add(partition)
    this.#tryAgainLater()
  }

  #tryAgainLater(): void {
    this.#retryTimer ??= setTimeout(async () => {
      await this.#cluster.refresh().catch((error) => {
        this.#lastFailure = inWords(error)
      })
      this.#retryTimer = undefined
      this.#resting.clear()
      this.#pump()
    }, retryMs)
  }
}

function appendedFrom(partition: number, count: number, first: { position: number; appendedAt: number }): AppendedAt[] {
  return Array.from({ length: count }, (_, index) => {
    return { partition, position: first.position + index, appendedAt: first.appendedAt }
  })
}

/** What one append gives to one partition, in pieces that a batch can take. */
function inBatches(values: readonly Buffer[]): Buffer[][] {
  const batches: Buffer[][] = [[]]
  let bytes = 0
  for (const value of values) {
    const batch = batches.at(-1)!
    if (batch.length > 0 && (batch.length >= batchRecordsMax || bytes + value.length > batchBytesMax)) {
      batches.push([value])
      bytes = value.length
    } else {
      batch.push(value)
      bytes += value.length
    }
  }
  return batches
}

/** The units for one batch, off the front of the queue; what is over is dropped. With `onlyDrop`, nothing else. */
function take(queue: Unit[], onlyDrop: boolean): Unit[] {
  const units: Unit[] = []
  let records = 0
  let bytes = 0
  let at = 0
  for (; at < queue.length; at++) {
    const unit = queue[at]!
    if (unit.over) {
      unit.settle(new LogUnavailableError('not sent in time'))
      continue
    }
    const isFull = records + unit.values.length > batchRecordsMax || bytes + unit.bytes > batchBytesMax
    if (onlyDrop || (units.length > 0 && isFull)) break
    units.push(unit)
    records += unit.values.length
    bytes += unit.bytes
  }
  queue.splice(0, at)
  return units
}
