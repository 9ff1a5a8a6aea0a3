/** What a sender or an operator wrote, quoted in an answer that says what is wrong with it: answers end in other people's logs. */
import { confidentialKind } from './detector.ts'

/** In quotes; short, printable, and its kind in its place where it looks confidential. @param charactersMax of what is said */
export function saidBack(text: string, charactersMax = 40): string {
  const kind = confidentialKind(text)
  if (kind !== undefined) return `"(${kind})"`
  // Plain enough not to break a line, a page or a terminal, or to make it lie.
  return `"${text.slice(0, charactersMax).replace(/[^A-Za-z0-9_.:+ -]/g, '?')}"`
}
