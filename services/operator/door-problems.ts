/** What the operator's door answers when a request cannot be read, or asks for what cannot be done. */
import { ProblemError, problem } from '../../shared/http/problem.ts'
import { PartnerError } from '../partners/partner-registry.ts'
import { HoldError } from './holds.ts'

export function badRequest(detail: string): ProblemError {
  return new ProblemError(problem(400, 'bad-request', 'The request cannot be read', detail))
}

/** What is wrong with a wish is the operator's to mend. */
export async function foreseen<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof PartnerError || error instanceof HoldError) throw badRequest(error.message)
    throw error
  }
}

/** @param fields what the body must have, for who sent another */
export function readWish<Wish extends object>(body: unknown, fields: string): Wish {
  try {
    const wish = JSON.parse(String(body)) as unknown
    if (typeof wish === 'object' && wish !== null && !Array.isArray(wish)) return wish as Wish
  } catch {
    // As below: it is no JSON.
  }
  throw badRequest(`The body must be a JSON object: ${fields}.`)
}
