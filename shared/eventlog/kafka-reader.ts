/** Reads one partition forward from its leader, keeping what a read left over for the next one. */

import { decodeBatches, type KeyedRecord } from './kafka-batch.ts'
import type { Bounds } from './kafka-bounds.ts'
import type { KafkaCluster } from './kafka-cluster.ts'
import { answerType, inWords, KafkaAnswerError } from './kafka-error.ts'
import { type Fetched, fetchExchange } from './kafka-requests.ts'
import { LogUnavailableError, type ReadLimit } from './port.ts'

const pollMsMax = 1000
const fetchBytesMin = 64 * 1024
const fetchBytesMax = 8 * 1024 * 1024
const requestMs = 5000
const retryMs = 200
/** A leader that is away for longer ends the read with an error; till then a read waits for it. */
const leaderAwayMsMax = 5 * 60_000

export interface KafkaReaderOptions {
  topicId: string
  partition: number
  /** Readers of one partition for different purposes have connections of their own. Without: `read`. */
  purpose?: string
  bounds: () => Promise<Bounds>
  /** Throws when reading has to stop. */
  mustBeCurrent: () => void
  /** The topic is not there any more under its id. */
  onTopicGone: () => void
}

export class KafkaReader {
  readonly #cluster: KafkaCluster
  readonly #options: KafkaReaderOptions
  readonly #purpose: string
  /** Records read ahead, in order, from `#from` on without gaps that are not the log’s own. */
  #ahead: KeyedRecord[] = []
  #from = 0
  /** Where the next fetch goes on. */
  #next = 0
  /** The partition’s end as the last fetch told it. */
  #end = 0
  #leader: number | undefined

  constructor(cluster: KafkaCluster, options: KafkaReaderOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#purpose = `${options.purpose ?? 'read'} ${options.partition}`
  }

  /** As `Assignment.read`; while the leader is away it waits, also longer than `waitMs`. */
  async read(from: number, limit: ReadLimit): Promise<{ records: KeyedRecord[]; end: number }> {
    const deadline = performance.now() + limit.waitMs
    this.#goTo(from)
    for (let isFresh = false; ; isFresh = true) {
      const { records, isFull } = this.#take(limit)
      if (isFull) return { records, end: this.#end }
      const waitMs = deadline - performance.now()
      const isOver = (limit.before ?? Number.POSITIVE_INFINITY) <= this.#next
      if (isFresh && this.#next >= this.#end && (records.length > 0 || waitMs <= 0 || isOver))
        return { records, end: this.#end }
      const mayWait = records.length === 0 && !isOver && isFresh
      await this.#fetch(mayWait ? Math.max(0, Math.min(waitMs, pollMsMax)) : 0, limit.bytes)
    }
  }

  /** Whoever waits is rejected; the connection is closed. */
  async close(): Promise<void> {
    this.#ahead = []
    if (this.#leader !== undefined) await this.#cluster.drop(this.#leader, this.#purpose)
  }

  #goTo(from: number): void {
    if (from < this.#from || from > this.#next) {
      this.#ahead = []
      this.#next = from
    }
    const gone = this.#ahead.findIndex(({ position }) => position >= from)
    if (gone !== 0) this.#ahead = gone < 0 ? [] : this.#ahead.slice(gone)
    this.#from = from
  }

  /** What of the records read ahead is within the bounds; full when more would not be given even if it were there. */
  #take(limit: ReadLimit): { records: KeyedRecord[]; isFull: boolean } {
    const before = limit.before ?? Number.POSITIVE_INFINITY
    const records: KeyedRecord[] = []
    let bytes = 0
    for (const record of this.#ahead) {
      bytes += record.value.length
      const isFull = record.position >= before || records.length >= limit.records
      if (isFull || (bytes > limit.bytes && records.length > 0)) return { records, isFull: true }
      records.push(record)
    }
    const last = records.at(-1)?.position
    return { records, isFull: last !== undefined && (records.length >= limit.records || last + 1 >= before) }
  }

  async #fetch(waitMs: number, bytes: number): Promise<void> {
    const bytesMax = Math.min(fetchBytesMax, Math.max(fetchBytesMin, bytes))
    const { topicId, partition } = this.#options
    for (const giveUpAt = performance.now() + leaderAwayMsMax; ; ) {
      this.#options.mustBeCurrent()
      try {
        this.#leader = this.#cluster.leaderOf(partition)
        if (this.#leader === undefined) throw new LogUnavailableError(`partition ${partition} has no leader`)
        const link = await this.#cluster.link(this.#leader, this.#purpose, requestMs)
        const request = fetchExchange(topicId, partition, this.#next, { waitMs: Math.floor(waitMs), bytesMax })
        const fetched = await link.send(request, requestMs + waitMs)
        this.#options.mustBeCurrent()
        if (fetched.errorCode !== 0) await this.#heed(fetched.errorCode)
        else this.#keep(fetched)
        return
      } catch (error) {
        this.#options.mustBeCurrent()
        if (performance.now() > giveUpAt || error instanceof PositionLostError) throw error
        await this.#recover(error)
      }
    }
  }

  #keep({ batches, start, end }: Fetched): void {
    const { records, next } = decodeBatches(batches)
    // A fetch answers with whole batches: the first may begin before what was asked for.
    for (const record of records) if (record.position >= this.#next) this.#ahead.push(record)
    // What retention has removed from the log must not go on being readable from here.
    if ((this.#ahead[0]?.position ?? start) < start)
      this.#ahead = this.#ahead.filter(({ position }) => position >= start)
    if (next !== undefined) this.#next = Math.max(this.#next, next)
    this.#end = end
  }

  /** Retention has removed what was asked for: reading goes on behind it. Anything else is an error. */
  async #heed(errorCode: number): Promise<void> {
    const error = new KafkaAnswerError(errorCode)
    if (error.type !== 'OFFSET_OUT_OF_RANGE') throw error
    const { start, end } = await this.#options.bounds()
    if (this.#next > end) throw new PositionLostError(this.#options.partition, this.#next, end)
    this.#next = Math.max(this.#next, start)
    this.#end = end
  }

  async #recover(error: unknown): Promise<void> {
    const type = answerType(error)
    if (type === 'UNKNOWN_TOPIC_ID' || type === 'INCONSISTENT_TOPIC_ID') this.#options.onTopicGone()
    if (type === undefined && this.#leader !== undefined) await this.#cluster.drop(this.#leader, this.#purpose)
    await new Promise((resolve) => setTimeout(resolve, retryMs))
    await this.#cluster.refresh().catch(() => undefined)
    if (type !== undefined && !(error as { retriable?: boolean }).retriable && type !== 'UNKNOWN_TOPIC_ID')
      throw new LogUnavailableError(`partition ${this.#options.partition} cannot be read (${inWords(error)})`, {
        cause: error,
      })
  }
}

/** The log ends before a position that had been acknowledged or committed. */
export class PositionLostError extends Error {
  override readonly name = 'PositionLostError'
  constructor(partition: number, position: number, end: number) {
    super(
      `partition ${partition} of the Kafka topic ends at ${end}, but ${position} was read up to before: Kafka has lost ` +
        'records that it had acknowledged. Nothing is read until somebody decides: move the group to where reading ' +
        'shall go on with kafka-consumer-groups.sh --reset-offsets',
    )
  }
}
