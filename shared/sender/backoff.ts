/** How long to wait before the next attempt: full jitter, so that a fleet that lost its collector comes back spread out. */

const firstMsMax = 1_000
const msMax = 5 * 60_000
/** For what a person has to mend: a wrong key, a wrong address. */
const refusedFirstMsMax = 60_000
const refusedMsMax = 3_600_000
/** No event is of use after a day. */
const retryAfterMsMax = 86_400_000

export type Trouble = 'away' | 'refused'

export class Backoff {
  readonly #random: () => number
  #attempts = 0

  constructor(random: () => number) {
    this.#random = random
  }

  succeeded(): void {
    this.#attempts = 0
  }

  /**
   * @param retryAfterMs what the collector asked for: never less is waited, and a little more, as all were told the same
   * @returns ms
   */
  failed(trouble: Trouble, retryAfterMs: number): number {
    const [first, most] = trouble === 'away' ? [firstMsMax, msMax] : [refusedFirstMsMax, refusedMsMax]
    const bound = Math.min(most, first * 2 ** Math.min(this.#attempts++, 30))
    const jitter = this.#random() * bound
    if (retryAfterMs <= 0) return Math.ceil(jitter)
    return Math.ceil(Math.min(retryAfterMs, retryAfterMsMax) + this.#random() * firstMsMax)
  }
}

/** `Retry-After`: seconds or an HTTP date; 0 when there is none, or none that can be read. */
export function retryAfterMs(header: string | undefined, now: number): number {
  const text = header?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? 0 : Math.max(0, date - now)
}
