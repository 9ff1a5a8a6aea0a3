/**
 * How the worker waits and takes turns: an argument, so that a simulation decides when each wait is over. What time it
 * is, is the clock's to say (shared/clock.ts).
 */
import { setTimeout as wait, setImmediate as yieldToOthers } from 'node:timers/promises'

export interface Timing {
  /** Resolves after `waitMs`. */
  sleep(waitMs: number): Promise<void>
  /** Calls `look` every `everyMs`, until the function that it returns is called. */
  every(everyMs: number, look: () => void): () => void
  /** Lets everything that waits for the event loop run once. */
  turn(): Promise<void>
  /** Milliseconds since some moment; never goes back. For measuring how long the event loop was held. */
  elapsedMs(): number
}

export const systemTiming: Timing = {
  sleep: (waitMs) => wait(waitMs),
  every(everyMs, look) {
    const timer = setInterval(look, everyMs)
    return () => clearInterval(timer)
  },
  turn: () => yieldToOthers(),
  elapsedMs: () => performance.now(),
}
