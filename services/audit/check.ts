/** What an audit looks at, one line of its table each, and what it says. */
import type { clauses } from '../../shared/policy/clauses.ts'

/**
 * `PASS`: looked at, and as promised. `FAIL`: not as promised, or it could not be looked at although it should be there.
 * `WARN`: no promise is broken, but somebody should know. `NOT APPLICABLE`: there is nothing of it here; the evidence says why.
 */
export type Verdict = 'PASS' | 'FAIL' | 'WARN' | 'NOT APPLICABLE'

export interface Outcome {
  readonly verdict: Verdict
  /** One line: what was looked at and found. Never an identifier, a key, or a value of an event. */
  readonly evidence: string
}

/** One line of the table. */
export interface CheckResult extends Outcome {
  readonly id: string
  /** What is promised, in a few words. */
  readonly promise: string
  /** Ids of the policy's clauses (shared/policy/clauses.ts). */
  readonly clauses: readonly ClauseId[]
}

export type ClauseId = (typeof clauses)[number]['id']

export interface Check<Scene> {
  readonly id: string
  readonly promise: string
  readonly clauses: readonly ClauseId[]
  look(scene: Scene): Promise<Outcome>
}

/** Names that are told at most; the rest as a number. */
const namedMax = 5

export const pass = (evidence: string): Outcome => ({ verdict: 'PASS', evidence })
export const fail = (evidence: string): Outcome => ({ verdict: 'FAIL', evidence })
export const warn = (evidence: string): Outcome => ({ verdict: 'WARN', evidence })
export const notApplicable = (evidence: string): Outcome => ({ verdict: 'NOT APPLICABLE', evidence })

/** FAIL with what is wrong, or PASS with what was looked at. */
export function passUnless(wrong: readonly string[], evidence: string): Outcome {
  return wrong.length === 0 ? pass(evidence) : fail(named(wrong))
}

/** `a; b; and 3 more`. */
export function named(all: readonly string[]): string {
  const more = all.length - namedMax
  return [...all.slice(0, namedMax), ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

/** Runs a check; what it throws makes its line fail, and the others still run. */
export async function runCheck<Scene>(check: Check<Scene>, scene: Scene): Promise<CheckResult> {
  const { id, promise, clauses } = check
  try {
    return { id, promise, clauses, ...(await check.look(scene)) }
  } catch (error) {
    return { id, promise, clauses, ...fail(`could not be looked at: ${messageOf(error)}`) }
  }
}

/** On one line, with what is behind it: `fetch failed` alone says nothing. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error))
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return oneLine(error.message + cause)
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 300)
}
