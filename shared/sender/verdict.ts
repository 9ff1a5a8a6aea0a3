/** What an answer means for the events of its request. */
import type { Answered } from './options.ts'
import type { PostAnswer } from './post.ts'

export type Verdict =
  | { readonly kind: 'taken'; readonly accepted: number; readonly rejected: Answered['rejected'] }
  /** For good: sending it again would be answered the same. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'too-large' }
  /** Keep, and come back. */
  | { readonly kind: 'away' }
  /** Keep; somebody has to mend something. */
  | { readonly kind: 'misdirected'; readonly why: string }

export function verdictOf({ status, text }: PostAnswer): Verdict {
  if (status === 200) return takenOr(text)
  if (status === 413) return { kind: 'too-large' }
  if (status === 400 || status === 415 || status === 422) return { kind: 'refused' }
  if (status === 401 || status === 403)
    return { kind: 'misdirected', why: `the collector does not take the write key (${status})` }
  if (status === 408 || status === 425 || status === 429 || status >= 500) return { kind: 'away' }
  return { kind: 'misdirected', why: `${status} is no answer of a collector; look at the address` }
}

/** Whoever answers 200 in other words is somebody else: the sign-in page of a network, say. */
function takenOr(text: string): Verdict {
  const stranger: Verdict = { kind: 'misdirected', why: 'what answers there is no collector; look at the address' }
  try {
    const { accepted, rejected } = JSON.parse(text) as { accepted?: unknown; rejected?: unknown }
    if (typeof accepted !== 'number' || !Array.isArray(rejected)) return stranger
    return { kind: 'taken', accepted, rejected: rejected as Answered['rejected'] }
  } catch {
    return stranger
  }
}
