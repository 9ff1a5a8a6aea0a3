/** Reads what a choice, a deletion or an access asks: JSON, a form of a page, or the query of an address. */

import type { SubjectKind } from '../../../shared/choices/port.ts'
import { confidentialKind } from '../../../shared/confidential/detector.ts'
import { isPersonal } from '../../../shared/confidential/kind.ts'
import { isIdentifier } from '../event-values.ts'
import { notReadable } from './choice-problems.ts'

export interface ChoiceRequest {
  readonly choice: 'opt-out' | 'opt-in' | undefined
  /** The identifier that the body names; without one it is the request's own cookie. */
  readonly named: { readonly kind: SubjectKind; readonly id: string } | undefined
  /** Of an operator. */
  readonly case: string | undefined
  /** Of a deletion: earlier choices go too, as far as they are not needed. */
  readonly history: boolean
}

/** What a body may call an identifier. A node is known by its device id. */
const kinds: readonly (readonly [name: string, kind: SubjectKind])[] = [
  ['device', 'device'],
  ['node', 'device'],
  ['cookie', 'cookie'],
  ['cluster', 'cluster'],
]
const caseLengthMax = 100

/** @throws ProblemError 400 */
export function readChoiceRequest(body: unknown, contentType: string | undefined): ChoiceRequest {
  return readMembers(parse(body, contentType))
}

/** @param members unchecked. @throws ProblemError 400 */
export function readMembers(members: Readonly<Record<string, unknown>>): ChoiceRequest {
  const { choice, case: caseId } = members
  if (choice !== undefined && choice !== 'opt-out' && choice !== 'opt-in')
    throw notReadable('`choice` must be "opt-out" or "opt-in".')
  if (caseId !== undefined && !isCase(caseId))
    throw notReadable(`\`case\` must be a text of 1 to ${caseLengthMax} characters that names a matter and nobody.`)
  const history = members.history === true || members.history === 'true'
  const named = kinds.filter(([name]) => members[name] !== undefined)
  if (named.length > 1) throw notReadable('Name one identifier: `device`, `node`, `cookie` or `cluster`.')
  const [first] = named
  if (!first) return { choice, named: undefined, case: caseId, history }
  const [name, kind] = first
  const id = members[name]
  if (!isIdentifier(id)) throw notReadable(`\`${name}\` must be a string of 1 to 256 characters.`)
  return { choice, named: { kind, id }, case: caseId, history }
}

function isCase(text: unknown): text is string {
  return isIdentifier(text) && text.length <= caseLengthMax && !isPersonal(confidentialKind(text))
}

function parse(body: unknown, contentType: string | undefined): Record<string, unknown> {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : ''
  if (text.trim() === '') return {}
  // curl calls whatever it sends a form.
  const isForm = contentType?.startsWith('application/x-www-form-urlencoded') && !text.trimStart().startsWith('{')
  if (isForm) return Object.fromEntries(new URLSearchParams(text))
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw notReadable('The body must be a JSON object or a form.')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw notReadable('The body must be a JSON object or a form.')
  return parsed as Record<string, unknown>
}
