/**
 * Appending to Kafka: one request on its way to each leader; what arrives meanwhile makes up the next one. A request
 * that fails in a way that passes is sent again until the append's time is over, so a record may be there twice, which
 * the port allows and the worker mends by event id.
 */

import { batchBytes, encodeBatch } from './kafka-batch.ts'
import type { KafkaCluster } from './kafka-cluster.ts'
import { inWords, KafkaAnswerError } from './kafka-error.ts'
import { type Produced, produceExchange } from './kafka-requests.ts'
import { type FirstAppended, fits, RunningAppend, type Unit } from './kafka-running-append.ts'
import { type AppendedAt, type AppendRecord, LogUnavailableError } from './port.ts'

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

export class KafkaAppends {
  readonly #cluster: KafkaCluster
  readonly #options: KafkaAppendsOptions
  readonly #queues = new Map<number, Unit[]>()
  /** Where the next request to a leader is put together. */
  readonly #rooms = new Map<number, Buffer>()
  readonly #busyLeaders = new Set<number>()
  /** Partitions whose last request failed: not sent to before the next look at the brokers. */
  readonly #resting = new Set<number>()
  /** In the order in which their time is over. */
  readonly #running = new Set<RunningAppend>()
  #timer: NodeJS.Timeout | undefined
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
    for (const { partition } of records) {
      if (this.#cluster.topic.leaders[partition] === undefined)
        return Promise.reject(new RangeError(`there is no partition ${partition}`))
    }
    if (records.length === 0) return Promise.resolve([])
    const append = new RunningAppend(records, performance.now() + this.#options.appendTimeoutMs)
    if (this.#pendingBytes > 0 && this.#pendingBytes + append.bytes > this.#options.pendingBytesMax)
      return Promise.reject(new LogUnavailableError(`${this.#pendingBytes} bytes are waiting for Kafka`))
    this.#running.add(append)
    this.#pendingBytes += append.bytes
    for (const unit of append.units) {
      const queue = this.#queues.get(unit.partition)
      if (queue) queue.push(unit)
      else this.#queues.set(unit.partition, [unit])
    }
    this.#watchTime()
    this.#pumpSoon()
    return append.answer
  }

  /** Resolves when every append that runs now has settled. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#running].map(({ answer }) => answer))
  }

  /** One timer for all of them, for the one whose time is over first. */
  #watchTime(): void {
    if (this.#timer) return
    const [first] = this.#running
    if (!first) return
    const expire = () => {
      this.#timer = undefined
      const now = performance.now()
      for (const append of this.#running) {
        if (append.deadline > now) break
        this.#expire(append)
      }
      this.#watchTime()
    }
    this.#timer = setTimeout(expire, Math.max(1, Math.ceil(first.deadline - performance.now())))
  }

  #expire(append: RunningAppend): void {
    const { appendTimeoutMs } = this.#options
    this.#running.delete(append)
    append.expire(
      new LogUnavailableError(`Kafka did not acknowledge within ${appendTimeoutMs} ms (${this.#lastFailure})`),
    )
  }

  #settleUnit(unit: Unit, outcome: FirstAppended | LogUnavailableError): void {
    this.#pendingBytes -= unit.bytes
    if (!unit.append.settle(unit, outcome)) return
    this.#running.delete(unit.append)
    if (this.#running.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
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
      const units = this.#take(queue, leader === undefined)
      if (queue.length === 0) this.#queues.delete(partition)
      else if (leader === undefined) stuck = true
      if (units.length === 0) continue
      const ofLeader = byLeader.get(leader as number) ?? new Map<number, Unit[]>()
      byLeader.set(leader as number, ofLeader.set(partition, units))
    }
    for (const [leader, batches] of byLeader) void this.#send(leader, batches)
    if (stuck) this.#tryAgainLater()
  }

  /** The units for one batch, off the front of the queue; what is over is dropped. With `onlyDrop`, nothing else. */
  #take(queue: Unit[], onlyDrop: boolean): Unit[] {
    const units: Unit[] = []
    let records = 0
    let bytes = 0
    let at = 0
    for (; at < queue.length; at++) {
      const unit = queue[at]!
      if (unit.append.isOver) {
        this.#settleUnit(unit, new LogUnavailableError('not sent in time'))
        continue
      }
      if (onlyDrop || (units.length > 0 && !fits(unit, records, bytes))) break
      units.push(unit)
      records += unit.values.length
      bytes += unit.bytes
    }
    queue.splice(0, at)
    return units
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
          this.#settleUnit(
            unit,
            new LogUnavailableError(`Kafka refuses records for partition ${partition} (${error.type})`),
          )
      return
    }
    let { position } = answer
    for (const unit of units) {
      if (answer.appendedAt < 0)
        this.#settleUnit(
          unit,
          new LogUnavailableError('the topic does not keep append times: set message.timestamp.type=LogAppendTime'),
        )
      else this.#settleUnit(unit, { position, appendedAt: answer.appendedAt })
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
