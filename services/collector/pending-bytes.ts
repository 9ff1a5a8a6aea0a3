/**
 * The bound on memory that requests may hold until their events are durable: bodies being read, being decompressed and
 * being appended. Above it the collector says so instead of taking more.
 */
import { ProblemError, problem } from '../../shared/http/problem.ts'

/** A gauge of prom-client, or anything else that can be set. */
interface Gauge {
  set(value: number): void
}

export class PendingBytes {
  readonly #max: number
  readonly #gauge: Gauge
  #held = 0

  /** @param max bytes above which nothing more is taken */
  constructor(max: number, gauge: Gauge) {
    this.#max = max
    this.#gauge = gauge
  }

  /** Starts one request's account. @throws ProblemError (503) when too much is pending already */
  open(): Hold {
    this.#check(0)
    return new Hold(
      (bytes, own) => {
        // What this request holds itself does not count against it: alone, the largest permitted body always passes.
        this.#check(own)
        this.#held += bytes
        this.#gauge.set(this.#held)
      },
      (own) => {
        this.#held -= own
        this.#gauge.set(this.#held)
      },
    )
  }

  #check(own: number): void {
    if (this.#held - own > this.#max) throw overloaded()
  }
}

/** What one request holds. `release` must be called, whatever happened. */
export class Hold {
  readonly #add: (bytes: number, own: number) => void
  readonly #release: (own: number) => void
  #own = 0
  constructor(add: (bytes: number, own: number) => void, release: (own: number) => void) {
    this.#add = add
    this.#release = release
  }
  /** @throws ProblemError (503) when other requests hold too much */
  add(bytes: number): void {
    this.#add(bytes, this.#own)
    this.#own += bytes
  }
  release(): void {
    this.#release(this.#own)
    this.#own = 0
  }
}

function overloaded(): ProblemError {
  return new ProblemError(
    problem(
      503,
      'overloaded',
      'Too much is waiting to be stored',
      'Nothing of this request was taken. Send it again, with the same event ids, after the seconds in Retry-After.',
    ),
    { 'retry-after': '1' },
  )
}
