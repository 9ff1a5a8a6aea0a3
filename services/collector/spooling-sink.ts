/**
 * The sink of a collector whose event log is a server: straight into the log while it is there, into the spool while it is
 * away. Once one record is in the spool all go there, until it has been drained in order: then straight again. A record
 * may be in the log twice (an append that failed may have arrived); the worker removes duplicates by event id.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type EventLog, LogUnavailableError, type PartitionHistory } from '../../shared/eventlog/port.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { EventSink, SinkRecord } from './event-sink.ts'
import type { UnitHash } from './partition.ts'
import type { Spool } from './spool.ts'

const retryMsMin = 250
const retryMsMax = 5000
const hashBytes = 4

export interface SpoolingSinkDeps {
  /** Opens the log; rejects while it cannot be reached. Called until it resolves. */
  readonly openLog: () => Promise<EventLog>
  readonly spool: Spool
  readonly unitHash: UnitHash
  readonly logger: Logger
  readonly metrics: Metrics
}

export class SpoolingSink implements EventSink {
  readonly #deps: SpoolingSinkDeps
  readonly #stop = new AbortController()
  readonly #draining: Promise<void>
  #log: EventLog | undefined
  /** Whether records go straight into the log. */
  #straight = false
  /** Appends to the spool that are not done yet. */
  #spooling = 0
  /** Something changed since the drain last looked. */
  #changed = false
  #closed: Promise<void> | undefined
  #resume: () => void = () => undefined

  /** Starts at once: what an earlier process left in the spool is drained as soon as the log is there. */
  constructor(deps: SpoolingSinkDeps) {
    this.#deps = deps
    this.#draining = this.#drain()
  }

  async append(records: readonly SinkRecord[]): Promise<void> {
    if (this.#straight && this.#log) {
      try {
        return await this.#toLog(
          this.#log,
          records.map(({ unit, value }) => ({ hash: this.#deps.unitHash(unit), value })),
        )
      } catch (error) {
        if (!(error instanceof LogUnavailableError)) throw error
        this.#leaveLog(error)
      }
    }
    await this.#toSpool(records)
  }

  /** Not while records wait in the spool: they would be missing. */
  async history(): Promise<PartitionHistory[]> {
    if (this.#straight && this.#log) return this.#log.history()
    throw new LogUnavailableError('records wait in the spool')
  }

  readiness(): string {
    return !this.#straight && this.#deps.spool.isFull ? 'the event log is away and the spool is full' : 'ok'
  }

  /** What is in the spool stays there for the next process. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#stop.abort()
    this.#wake()
    await this.#draining
    await this.#log?.close()
    await this.#deps.spool.close()
  }

  async #toLog(log: EventLog, records: readonly { hash: number; value: Buffer }[]): Promise<void> {
    await log.append(records.map(({ hash, value }) => ({ partition: hash % log.partitions, value })))
  }

  async #toSpool(records: readonly SinkRecord[]): Promise<void> {
    const { spool, unitHash, metrics } = this.#deps
    this.#spooling++
    try {
      await spool.append(records.map(({ unit, value }) => spooled(unitHash(unit), value)))
    } finally {
      this.#spooling--
      metrics.spoolBytes.set(spool.bytes)
      this.#wake()
    }
    metrics.spooled.inc(records.length)
  }

  #leaveLog(error: unknown): void {
    if (!this.#straight) return
    this.#straight = false
    this.#deps.logger.warn({ err: error }, 'the event log is away: records are kept in the spool')
    this.#wake()
  }

  /** Never rejects; ends when the sink is closed. */
  async #drain(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      try {
        this.#log ??= await this.#deps.openLog()
        await this.#expire()
        if (await this.#drainOne(this.#log)) failures = 0
        else await this.#untilNeeded()
      } catch (error) {
        this.#deps.logger[failures === 0 ? 'warn' : 'debug'](
          { err: error },
          'the event log cannot be reached; it is tried again',
        )
        const waitMs = Math.min(retryMsMax, retryMsMin * 2 ** failures++)
        await sleep(waitMs, undefined, { signal: this.#stop.signal }).catch(() => undefined)
      }
    }
  }

  /** False when there was nothing to drain. */
  async #drainOne(log: EventLog): Promise<boolean> {
    const { spool, metrics, logger } = this.#deps
    const batch = await spool.next()
    if (!batch) {
      // In the same turn as the look at what is still being written: nothing can come in between.
      if (this.#spooling > 0 || !spool.isEmpty || this.#straight) return false
      this.#straight = true
      logger.info('records go straight into the event log')
      return false
    }
    await this.#toLog(log, batch.values.map(unspooled))
    await batch.done()
    metrics.spoolBytes.set(spool.bytes)
    return true
  }

  async #expire(): Promise<void> {
    const { spool, metrics, logger } = this.#deps
    const lost = await spool.expire()
    metrics.spoolBytes.set(spool.bytes)
    if (lost === 0) return
    metrics.spoolExpiredBytes.inc(lost)
    logger.error({ bytes: lost }, 'records waited 24 h in the spool: their events would be late, they are removed')
  }

  #wake(): void {
    this.#changed = true
    this.#resume()
  }

  /** Until there is something to drain, or a look is due anyway. */
  async #untilNeeded(): Promise<void> {
    if (!this.#changed && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, retryMsMax)
        this.#resume = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#changed = false
  }
}

/** The spool does not keep units: four bytes of hash before the record say enough to find its partition later. */
function spooled(hash: number, value: Buffer): Buffer {
  const whole = Buffer.allocUnsafe(hashBytes + value.length)
  whole.writeUInt32LE(hash, 0)
  value.copy(whole, hashBytes)
  return whole
}

function unspooled(whole: Buffer): { hash: number; value: Buffer } {
  return { hash: whole.readUInt32LE(0), value: whole.subarray(hashBytes) }
}
