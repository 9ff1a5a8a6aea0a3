/**
 * One connection to Redis that comes back by itself. A call waits a bounded time for it; no command is ever sent twice,
 * because a write whose answer was lost may have happened.
 */
import { Redis } from 'ioredis'
import { KeyValueUnavailableError } from './port.ts'
import { isDenied, redisFailure, wasNeverSent, withoutArguments } from './redis-failure.ts'
import { inspectServer } from './redis-requirements.ts'
import { type ScriptedRedis, withScripts } from './redis-scripts.ts'
import type { RedisAddress } from './redis-url.ts'

/** Calls that may wait for the connection at once; what they would write is in memory meanwhile. */
const waitingCallsMax = 1000
const retryMsMax = 1000
const unsentRetryMs = 5

export interface ConnectionOptions {
  readonly address: RedisAddress
  /** How long a call waits for the connection and its answer in all. */
  readonly callMsMax: number
  readonly warn: (message: string) => void
}

export class RedisConnection {
  readonly shown: string
  readonly #redis: ScriptedRedis
  readonly #callMsMax: number
  readonly #warn: (message: string) => void
  readonly #warned = new Set<string>()
  /** This connection's server has been found fit. */
  #fit = false
  #closed = false
  /** Of connections made: a check that was started on an earlier one says nothing of this. */
  #connections = 0
  /** Why it is not usable, as far as is known. */
  #trouble = 'no connection yet'
  #denied: Error | undefined
  readonly #waiting = new Set<() => void>()

  constructor({ address, callMsMax, warn }: ConnectionOptions) {
    this.shown = address.shown
    this.#callMsMax = callMsMax
    this.#warn = warn
    this.#redis = withScripts(
      new Redis({
        ...address.connection,
        connectionName: 'headcount',
        lazyConnect: true,
        enableAutoPipelining: true,
        // Calls wait here instead, until the server has been inspected.
        enableOfflineQueue: false,
        autoResendUnfulfilledCommands: false,
        maxRetriesPerRequest: 0,
        connectTimeout: callMsMax,
        // A server that is stopped, or a network that swallows packets, closes no connection.
        socketTimeout: callMsMax,
        retryStrategy: (times: number) => Math.min(2 ** times * 10, retryMsMax),
      }),
    )
    this.#redis.on('error', (error: Error) => this.#failed(error))
    this.#redis.on('close', () => {
      this.#fit = false
    })
    this.#redis.on('ready', () => void this.#inspect())
  }

  /** @throws Error when the server is not as it must be, KeyValueUnavailableError when it cannot be reached in time */
  async open(): Promise<void> {
    void this.#redis.connect().catch(() => undefined)
    await this.#untilUsable(Date.now() + this.#callMsMax, true)
  }

  /**
   * Runs a command on a server that has been found fit.
   * @throws KeyValueUnavailableError within `callMsMax` when it cannot be reached or does not answer
   */
  async call<T>(command: (redis: ScriptedRedis) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('the key-value store is closed')
    const deadline = Date.now() + this.#callMsMax
    for (;;) {
      if (!this.#usable) await this.#untilUsable(deadline, false)
      try {
        return await this.#inTime(command(this.#redis), deadline)
      } catch (error) {
        if (error instanceof KeyValueUnavailableError) throw error
        if (!wasNeverSent(error) || Date.now() >= deadline) throw redisFailure(error, this.shown)
        await delay(unsentRetryMs)
      }
    }
  }

  async #inTime<T>(answer: Promise<T>, deadline: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const refuse = () => reject(new KeyValueUnavailableError(`Redis at ${this.shown} does not answer`))
      timer = setTimeout(refuse, deadline - Date.now())
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Lets commands that were sent be answered, for a bounded time. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#trouble = 'the store has been closed'
    for (const wake of this.#waiting) wake()
    if (this.#usable) {
      const late = Date.now() + this.#callMsMax
      await this.#inTime(this.#redis.quit(), late).catch(() => undefined)
    }
    this.#redis.disconnect()
  }

  /** The client tells of the end of a connection a moment after its status does. */
  get #usable(): boolean {
    return this.#fit && this.#redis.status === 'ready'
  }

  async #untilUsable(deadline: number, opening: boolean): Promise<void> {
    while (!this.#usable) {
      if (opening && this.#denied) throw this.#denied
      const leftMs = deadline - Date.now()
      if (leftMs <= 0 || this.#closed || this.#waiting.size >= waitingCallsMax)
        throw new KeyValueUnavailableError(`Redis at ${this.shown} cannot be used now: ${this.#trouble}`)
      await this.#change(leftMs)
    }
  }

  /** Resolves when something about the connection has changed, or after that time. */
  async #change(waitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, waitMs)
      this.#waiting.add(wake)
    })
  }

  async #inspect(): Promise<void> {
    const connection = ++this.#connections
    try {
      const { refusals, warnings } = await inspectServer(this.#redis)
      if (connection !== this.#connections || this.#redis.status !== 'ready') return
      for (const warning of warnings) this.#warnOnce(`Redis at ${this.shown}: ${warning}`)
      if (refusals.length === 0) {
        this.#fit = true
        for (const wake of this.#waiting) wake()
        return
      }
      this.#refused(refusals.join('; '))
    } catch (error) {
      this.#failed(error as Error)
    }
    // It may be mended, or another server take its place: looked at again on the next connection.
    setTimeout(() => {
      if (connection === this.#connections && !this.#closed) this.#redis.disconnect(true)
    }, retryMsMax).unref()
  }

  #failed(error: Error): void {
    const said = withoutArguments(error.message || (error as NodeJS.ErrnoException).code || error.name)
    if (isDenied(said)) this.#refused(said)
    else this.#trouble = said
  }

  #refused(why: string): void {
    this.#trouble = why
    this.#denied = new Error(`Redis at ${this.shown} cannot be used: ${why}`)
    this.#warnOnce(this.#denied.message)
    for (const wake of this.#waiting) wake()
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return
    this.#warned.add(message)
    this.#warn(message)
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
