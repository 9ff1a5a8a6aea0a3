/**
 * An attack on what partners can get. Each has a control: the same attack on a release without the safeguard, where it
 * succeeds; without that it would show nothing. What there is to run is in registry.ts.
 */
import type { RandomSource } from '../../../services/release/release-types.ts'

export interface Attack {
  /** kebab-case: `npm run attack -- --only id`. */
  readonly id: string
  readonly name: string
  /** Trials of `npm run attack`. */
  readonly trials: number
  /** Trials of `npm test`: enough for the control to succeed and the attack not to seem to. */
  readonly trialsShort: number
  run(tools: AttackTools): Promise<AttackResult>
}

export interface AttackTools {
  readonly trials: number
  /** Of noise, and of everything else that is drawn: the operating system's, or one that a seed repeats. */
  readonly random: RandomSource
  /** To be called now and then with how many of `trials` are done. */
  readonly onProgress: (done: number) => void
}

/** `withstood`: the attack failed and its control succeeded. `no power`: the control failed, so nothing was shown. */
export type Verdict = 'withstood' | 'succeeded' | 'no power'

export interface AttackResult {
  readonly trials: number
  /** What the attack reached. */
  readonly figure: string
  /** What it may reach at most. */
  readonly bound: string
  /** What it reached on the control. */
  readonly controlFigure: string
  readonly verdict: Verdict
  /** Lines for whoever wants to know more. */
  readonly detail: readonly string[]
}

export function verdictOf(withstood: boolean, controlSucceeded: boolean): Verdict {
  if (!withstood) return 'succeeded'
  return controlSucceeded ? 'withstood' : 'no power'
}
