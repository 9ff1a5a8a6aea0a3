/** The choice log on a compacted topic of Kafka, which every collector and worker follows for itself. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, systemClock } from '../clock.ts'
import type { KeyedRecord } from '../eventlog/kafka-batch.ts'
import { PositionLostError } from '../eventlog/kafka-reader.ts'
import type { KafkaAddress } from '../eventlog/kafka-url.ts'
import { LogUnavailableError } from '../eventlog/port.ts'
import { KafkaFold } from './kafka-fold.ts'
import type { ChoiceRecord } from './kafka-record.ts'
import { rescueChoices } from './kafka-rescue.ts'
import { isRollDue } from './kafka-roll.ts'
import { ChoiceTopic } from './kafka-topic.ts'
import {
  type Choice,
  ChoiceKeyError,
  type ChoiceLog,
  ChoiceLogUnavailableError,
  type Choices,
  type NewChoice,
} from './port.ts'
import { choiceKeyFingerprint } from './subject.ts'

const readLimit = { records: 10_000, bytes: 4 * 1024 * 1024 }
const pollMs = 1000
const lookMs = 5000
/** A broker that has just come up may not know a topic yet; after so long it is gone. */
const goneMs = 10_000
const retryMs = 100
const retryMsMax = 5000

export interface KafkaChoiceLogOptions {
  readonly address: KafkaAddress
  readonly choiceKey: Buffer
  /** Copies of each record; undefined: 3, or as many as there are brokers if fewer. */
  readonly replication?: number | undefined
  /** Longest that an append, a removal or a catch-up waits for Kafka. */
  readonly timeoutMs?: number
  /** Of the topic's segments; without: an hour. */
  readonly rollMs?: number
  readonly clock?: Clock
  readonly warn: (message: string) => void
  /** The log cannot be worked with any more; the process has to end. */
  readonly onFatal: (error: unknown) => void
}

/** Opens at once; the log is read as soon as Kafka is there, and until then nothing can be asked of it. */
export function openKafkaChoiceLog(options: KafkaChoiceLogOptions): ChoiceLog {
  return new KafkaChoiceLog(options)
}

class KafkaChoiceLog implements ChoiceLog {
  readonly #options: KafkaChoiceLogOptions & { readonly timeoutMs: number }
  readonly #fingerprint: string
  readonly #fold = new KafkaFold()
  readonly #closing = new AbortController()
  readonly #following: Promise<void>
  readonly #looks: NodeJS.Timeout
  /** Of appends that run now. */
  readonly #own = new Set<string>()
  #topic: ChoiceTopic | undefined
  /** Everything that was there at the start has been folded, and the choice key is the one it was begun under. */
  #isRead = false
  #whenRead: (() => void)[] = []
  #goneSince: number | undefined
  #leaving: Promise<void> | undefined
  #trouble = 'Kafka has not answered yet'

  constructor(options: KafkaChoiceLogOptions) {
    this.#options = { timeoutMs: 5000, ...options }
    this.#fingerprint = choiceKeyFingerprint(options.choiceKey)
    this.#following = this.#follow()
    this.#looks = setInterval(() => void this.#look(), lookMs)
    this.#looks.unref()
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
      return this.choices.history(choice.subject).find((kept) => kept.id === id) ?? { ...entry, at }
    } finally {
      this.#own.delete(id)
    }
  }

  async remove(entries: readonly Choice[]): Promise<void> {
    if (entries.length > 0) await this.#write(entries.map(removalOf))
  }

  async catchUp(): Promise<void> {
    const deadline = this.#deadline()
    const topic = await this.#whenOpen(deadline)
    await this.#foldTo(await this.#end(topic, deadline), deadline)
  }

  readiness(): string {
    return this.#isRead ? 'ok' : `the choices have not been read yet: ${this.#trouble}`
  }

  async close(): Promise<void> {
    this.#closing.abort()
    clearInterval(this.#looks)
    await this.#leaving
    await this.#topic?.close()
    await this.#following
    // One that was being opened when this was called.
    await this.#topic?.close()
  }

  /** Writes records and folds them up; returns when they were appended, by Kafka's clock. */
  async #write(records: readonly ChoiceRecord[]): Promise<number> {
    const deadline = this.#deadline()
    const topic = await this.#whenOpen(deadline)
    const { position, appendedAt } = await topic.append(records)
    await this.#foldTo(position + 1, deadline)
    return appendedAt
  }

  #deadline(): number {
    return performance.now() + this.#options.timeoutMs
  }

  async #whenOpen(deadline: number): Promise<ChoiceTopic> {
    if (!this.#isRead) await this.#within(deadline, new Promise<void>((resolve) => this.#whenRead.push(resolve)))
    if (this.#closing.signal.aborted || this.#leaving) throw unavailable('the choice log is closed')
    return this.#topic!
  }

  #foldTo(position: number, deadline: number): Promise<void> {
    return this.#within(deadline, this.#fold.reached(position))
  }

  async #end(topic: ChoiceTopic, deadline: number): Promise<number> {
    for (;;) {
      try {
        return await this.#within(deadline, topic.end())
      } catch (error) {
        if (error instanceof ChoiceLogUnavailableError) throw error
        if (this.#closing.signal.aborted || performance.now() > deadline)
          throw unavailable('the end of the choices cannot be read now', error)
        await sleep(retryMs)
      }
    }
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

  /** Never rejects; ends when the log is closed or cannot be worked with. */
  async #follow(): Promise<void> {
    for (let waitMs = retryMs; !this.#closing.signal.aborted; waitMs = Math.min(retryMsMax, waitMs * 2)) {
      try {
        this.#topic ??= await ChoiceTopic.open(this.#options)
        await this.#read(this.#topic)
      } catch (error) {
        if (this.#closing.signal.aborted || this.#leaving) return
        if (!isPassing(error)) return this.#leave(error)
        this.#trouble = (error as Error).message
        if (waitMs === retryMs) this.#options.warn(`choices cannot be read now; it is tried again: ${this.#trouble}`)
        await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
      }
    }
  }

  /** Folds up what is there and whatever comes, until the log is closed. */
  async #read(topic: ChoiceTopic): Promise<void> {
    const mustBeCurrent = () => {
      if (this.#closing.signal.aborted || this.#leaving) throw unavailable('the choice log is closed')
    }
    const reader = topic.reader({ mustBeCurrent, onTopicGone: () => void this.#look() })
    for (;;) {
      const { records, end } = await reader.read(this.#fold.next, { ...readLimit, waitMs: this.#isRead ? pollMs : 0 })
      for (const record of records) this.#add(topic, record)
      if (records.length === 0) this.#fold.passTo(end)
      if (!this.#isRead && this.#fold.next >= end) await this.#begin(topic)
    }
  }

  #add(topic: ChoiceTopic, record: KeyedRecord): void {
    const spare = this.#fold.add(record)
    // One of all who fold it up removes them: whose append it was. What is left when that fails does no harm.
    if (spare.length > 0 && this.#own.has(record.key?.toString() ?? '')) appendSoon(topic, spare.map(removalOf))
    if (this.#isRead && this.#fold.hasForeignKey) appendSoon(topic, this.#fold.foreignKeyRemovals())
  }

  /** The topic has been read to its end for the first time: whose is it? @throws ChoiceKeyError */
  async #begin(topic: ChoiceTopic): Promise<void> {
    const { fingerprint: begunUnder } = this.#fold
    if (begunUnder === undefined) {
      await topic.append([{ kind: 'fingerprint', fingerprint: this.#fingerprint }])
      return
    }
    if (begunUnder !== this.#fingerprint) throw otherKey(topic.name)
    if (this.#fold.hasForeignKey) appendSoon(topic, this.#fold.foreignKeyRemovals())
    this.#isRead = true
    for (const tell of this.#whenRead.splice(0)) tell()
  }

  /** Every few seconds: is it still the same topic, and is there something to be compacted? */
  async #look(): Promise<void> {
    const topic = this.#topic
    if (!topic || this.#closing.signal.aborted || this.#leaving) return
    const state = await topic.look()
    if (state !== 'gone') this.#goneSince = undefined
    else this.#goneSince ??= performance.now()
    const isGone = this.#goneSince !== undefined && performance.now() - this.#goneSince > goneMs
    if (state === 'made anew' || isGone) this.#leave(new TopicLostError(`topic ${topic.name} is not the one it was`))
    const { clock = systemClock, rollMs } = this.#options
    if (state === 'same' && this.#isRead && isRollDue(this.#fold, clock.now(), rollMs))
      appendSoon(topic, [{ kind: 'roll' }])
  }

  /** The process has to end. Where the topic has lost what this process knows, it is written down again first. */
  #leave(error: unknown): void {
    if (this.#closing.signal.aborted || this.#leaving) return
    const isLost = error instanceof PositionLostError || error instanceof TopicLostError
    this.#leaving = (isLost && this.#isRead ? this.#rescue(error) : Promise.resolve(error)).then((told) =>
      this.#options.onFatal(told),
    )
  }

  async #rescue(error: Error): Promise<Error> {
    const said = await rescueChoices(this.#options, this.#fingerprint, this.choices).then(
      (rescued) => `${rescued} opt-outs and deletions that were missing have been written into it again`,
      (failure) => `what was in it could not be written again: ${(failure as Error).message}`,
    )
    return new TopicLostError(`${error.message}; ${said}. Start again`, { cause: error })
  }
}

/** What was known of positions in the topic does not hold any more. */
class TopicLostError extends Error {
  override readonly name = 'TopicLostError'
}

function isPassing(error: unknown): error is Error {
  return error instanceof LogUnavailableError || error instanceof ChoiceLogUnavailableError
}

function appendSoon(topic: ChoiceTopic, records: readonly ChoiceRecord[]): void {
  void topic.append(records).catch(() => undefined)
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
