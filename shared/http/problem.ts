/** Problem details for HTTP APIs (RFC 9457): every error that a person or a program sees from our servers. */
export interface Problem {
  type: string
  title: string
  status: number
  /** What is wrong, where, and what to do; never a copy of the sender's input. */
  detail: string
  [extension: string]: unknown
}

export const problemType = 'application/problem+json'

/** @param kind a short stable name; the problem's `type` is `urn:headcount:problem:<kind>` */
export function problem(
  status: number,
  kind: string,
  title: string,
  detail: string,
  extensions: Record<string, unknown> = {},
): Problem {
  return { type: `urn:headcount:problem:${kind}`, title, status, detail, ...extensions }
}

/** Thrown inside a request handler to answer with a problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem
  readonly headers: Record<string, string>
  constructor(answer: Problem, headers: Record<string, string> = {}) {
    super(answer.title)
    this.problem = answer
    this.headers = headers
  }
}
