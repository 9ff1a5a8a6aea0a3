/** The choice log on a compacted topic of Kafka, which every collector and worker follows for itself. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { choicesTopic, replicationOf } from '../../infra/topics.ts'
import { KafkaAppends } from '../eventlog/kafka-append.ts'
import type { KeyedRecord } from '../eventlog/kafka-batch.ts'
import { readBounds, readEnd } from '../eventlog/kafka-bounds.ts'
import { KafkaCluster } from '../eventlog/kafka-cluster.ts'
import { KafkaReader } from '../eventlog/kafka-reader.ts'
import { prepareTopic, untilKnown } from '../eventlog/kafka-topic.ts'
import type { KafkaAddress } from '../eventlog/kafka-url.ts'
import { LogUnavailableError } from '../eventlog/port.ts'
import { KafkaFold } from './kafka-fold.ts'
import { type ChoiceRecord, encodePacked, pack, toKafka } from './kafka-record.ts'
import {
  type Choice,
  ChoiceKeyError,
  type ChoiceLog,
  ChoiceLogUnavailableError,
  type Choices,
  type NewChoice,
} from './port.ts'
import { choiceKeyFingerprint } from './subject.ts'

const partition = 0
const pendingBytesMax = 16 * 1024 * 1024
const readLimit = { records: 10_000, bytes: 4 * 1024 * 1024 }
const pollMs = 1000
const retryMs = 100
const retryMsMax = 5000

export interface KafkaChoiceLogOptions {
  readonly address: KafkaAddress
  readonly choiceKey: Buffer
  /** Copies of each record; undefined: 3, or as many as there are brokers if fewer. */
  readonly replication?: number | undefined
  /** Longest that an append, a removal or a catch-up waits for Kafka. */
  readonly timeoutMs?: number
  readonly warn: (message: string) => void
  /** The log cannot be worked with any more; the process has to end. */
  readonly onFatal: (error: unknown) => void
}

/** The topic, found or made, with its brokers. */
interface OpenTopic {
  readonly name: string
  readonly id: string
  readonly cluster: KafkaCluster
  readonly appends: KafkaAppends
}

/** Opens at once; the log is read as soon as Kafka is there, and until then nothing can be asked of it. */
export function openKafkaChoiceLog(options: KafkaChoiceLogOptions): ChoiceLog {
  return new KafkaChoiceLog(options)
}

class KafkaChoiceLog implements ChoiceLog {
  readonly #options: KafkaChoiceLogOptions
  readonly #timeoutMs: number
  readonly #fold = new KafkaFold()
  readonly #closing = new AbortController()
  readonly #following: Promise<void>
  /** Of appends that run now. */
  readonly #own = new Set<string>()
  #topic: OpenTopic | undefined
  /** Everything that was there at the start has been folded, and the choice key is the one it was begun under. */
  #isRead = false
  #whenRead: (() => void)[] = []
  #hasFailed = false
  #trouble = 'Kafka has not answered yet'

  constructor(options: KafkaChoiceLogOptions) {
    this.#options = options
    this.#timeoutMs = options.timeoutMs ?? 5000
    this.#following = this.#follow()
  }

  get choices(): Choices {
    return this.#fold.choices
  }

  async append(choice: NewChoice): Promise<Choice> {
    const id = randomBytes(8).toString('hex')
    const entry = { ...choice, ...this.#fold.choices.seenBy(choice), id }
    this.#own.add(id)
    try {
      const at = await this.#write([{ kind: 'choice', choice: entry }])
      // What had no effect is not kept.
      return this.choices.history(choice.subject).find((kept) => kept.id === id) ?? { ...entry, at }
    } finally {
      this.#own.delete(id)
    }
  }

  async remove(entries: readonly Choice[]): Promise<void> {
    if (entries.length > 0) await this.#write(entries.map(removalOf))
  }

  async catchUp(): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs
    const topic = await this.#whenOpen(deadline)
    await this.#foldTo(await this.#end(topic, deadline), deadline)
  }

  readiness(): string {
    return this.#isRead ? 'ok' : `the choices have not been read yet: ${this.#trouble}`
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const topic = this.#topic
    await topic?.appends.idle()
    await topic?.cluster.close()
    await this.#following
  }

  /** Writes records and folds them up; returns when they were appended, by Kafka's clock. */
  async #write(records: readonly ChoiceRecord[]): Promise<number> {
    const deadline = performance.now() + this.#timeoutMs
    const topic = await this.#whenOpen(deadline)
    const appended = await this.#append(topic, records)
    const last = appended.at(-1)!
    await this.#foldTo(last.position + 1, deadline)
    return last.appendedAt
  }

  async #append({ appends }: OpenTopic, records: readonly ChoiceRecord[]) {
    try {
      return await appends.append(records.map((record) => ({ partition, value: pack(toKafka(record)) })))
    } catch (error) {
      if (error instanceof LogUnavailableError) throw unavailable(error.message, error)
      throw error
    }
  }

  async #whenOpen(deadline: number): Promise<OpenTopic> {
    if (!this.#isRead) await this.#within(deadline, new Promise<void>((resolve) => this.#whenRead.push(resolve)))
    if (this.#closing.signal.aborted) throw unavailable('the choice log is closed')
    return this.#topic!
  }

  #foldTo(position: number, deadline: number): Promise<void> {
    return this.#within(deadline, this.#fold.reached(position))
  }

  /** @throws ChoiceLogUnavailableError when it takes too long */
  async #within<T>(deadline: number, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const over = new Promise<never>((_, reject) => {
      const late = () => reject(unavailable(`the choices could not be read in time (${this.#trouble})`))
      timer = setTimeout(late, Math.max(0, deadline - performance.now()))
    })
    try {
      return await Promise.race([work, over])
    } finally {
      clearTimeout(timer)
    }
  }

  /** The position after everything that has been acknowledged by now. */
  async #end({ cluster, name }: OpenTopic, deadline: number): Promise<number> {
    for (;;) {
      try {
        return await this.#within(deadline, readEnd(cluster, name, partition))
      } catch (error) {
        if (error instanceof ChoiceLogUnavailableError || this.#closing.signal.aborted) throw error
        if (performance.now() > deadline) throw unavailable('the end of the choices cannot be read', error)
        await sleep(retryMs)
        await cluster.refresh().catch(() => undefined)
      }
    }
  }

  /** Never rejects; ends when the log is closed or cannot be worked with. */
  async #follow(): Promise<void> {
    for (let waitMs = retryMs; !this.#closing.signal.aborted; waitMs = Math.min(retryMsMax, waitMs * 2)) {
      try {
        this.#topic ??= await this.#open()
        await this.#read(this.#topic)
      } catch (error) {
        if (this.#closing.signal.aborted) return
        if (!(error instanceof LogUnavailableError)) return this.#fail(error)
        if (waitMs === retryMs) this.#options.warn(`choices cannot be read now and are tried again: ${error.message}`)
        this.#trouble = error.message
        await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
      }
    }
  }

  async #open(): Promise<OpenTopic> {
    const { address, replication } = this.#options
    const name = await prepareTopic(address, async (admin) =>
      choicesTopic(address.topicPrefix, await replicationOf(admin, replication)),
    )
    const cluster = await KafkaCluster.make(address, name)
    try {
      const { topicId: id } = await untilKnown(cluster, name)
      const options = { topic: name, pendingBytesMax, appendTimeoutMs: this.#timeoutMs, encode: encodePacked }
      return { name, id, cluster, appends: new KafkaAppends(cluster, options) }
    } catch (error) {
      await cluster.close()
      throw error
    }
  }

  /** Folds up what is there and whatever comes, until the log is closed. */
  async #read(topic: OpenTopic): Promise<void> {
    const { cluster, name, id } = topic
    const reader = new KafkaReader(cluster, {
      topicId: id,
      partition,
      bounds: () => readBounds(cluster, name, partition),
      mustBeCurrent: () => this.#closing.signal.throwIfAborted(),
      onTopicGone: () => void this.#look(topic),
    })
    for (;;) {
      const { records, end } = await reader.read(this.#fold.next, { ...readLimit, waitMs: this.#isRead ? pollMs : 0 })
      for (const record of records) this.#add(topic, record)
      if (records.length === 0) this.#fold.passTo(end)
      if (!this.#isRead && this.#fold.next >= end) await this.#begin(topic)
    }
  }

  #add(topic: OpenTopic, record: KeyedRecord): void {
    const spare = this.#fold.add(record)
    // One of all who fold it up removes them: whose append it was. What is left when that fails does no harm.
    if (spare.length > 0 && this.#own.has(record.key?.toString() ?? '')) this.#removeSoon(topic, spare.map(removalOf))
    if (this.#isRead && this.#fold.hasForeignKey) this.#removeSoon(topic, this.#fold.foreignKeyRemovals())
  }

  #removeSoon(topic: OpenTopic, removals: readonly ChoiceRecord[]): void {
    void this.#append(topic, removals).catch(() => undefined)
  }

  /** The topic has been read to its end for the first time: whose is it? @throws ChoiceKeyError */
  async #begin(topic: OpenTopic): Promise<void> {
    const mine = choiceKeyFingerprint(this.#options.choiceKey)
    const begunUnder = this.#fold.fingerprint
    if (begunUnder === undefined) {
      await this.#append(topic, [{ kind: 'fingerprint', fingerprint: mine }])
      return
    }
    if (begunUnder !== mine) throw otherKey(topic.name)
    if (this.#fold.hasForeignKey) this.#removeSoon(topic, this.#fold.foreignKeyRemovals())
    this.#isRead = true
    for (const tell of this.#whenRead.splice(0)) tell()
  }

  /** Is it still the same topic? Every process that knows another one's positions has to end, as with the event log. */
  async #look({ cluster, name, id }: OpenTopic): Promise<void> {
    const found = await cluster.refresh().catch(() => undefined)
    if (found?.errorCode !== 0 || found.topicId === id || this.#closing.signal.aborted) return
    this.#fail(new Error(`topic ${name} was made anew: the choices that were in it are gone; start again`))
  }

  #fail(error: unknown): void {
    if (this.#hasFailed || this.#closing.signal.aborted) return
    this.#hasFailed = true
    this.#options.onFatal(error)
  }
}

function removalOf({ id }: Pick<Choice, 'id'>): ChoiceRecord {
  return { kind: 'removal', id }
}

function unavailable(message: string, cause?: unknown): ChoiceLogUnavailableError {
  return new ChoiceLogUnavailableError(message, { cause })
}

function otherKey(topic: string): ChoiceKeyError {
  return new ChoiceKeyError(
    `topic ${topic} was begun under another key, so nobody who opted out could be known again: set HEADCOUNT_CHOICE_KEY to the secret that was set then (where none was set, to the admin token of then)`,
  )
}
