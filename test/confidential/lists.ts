/** The published lists: what is confidential, by kind, and what is not. */
import { readFileSync } from 'node:fs'
import type { ConfidentialKind } from '../../shared/confidential/kind.ts'

function linesOf(name: string): string[] {
  const text = readFileSync(new URL(`./lists/${name}`, import.meta.url), 'utf8')
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('# '))
}

export const innocentList: readonly string[] = linesOf('innocent.txt')
/** The dot that keeps a line from being taken for a key is taken out. */
export const confidentialList: readonly (readonly [kind: ConfidentialKind, value: string])[] = linesOf(
  'confidential.txt',
).map((line) => {
  const [kind = '', value = ''] = line.replaceAll('·', '').split('\t')
  return [kind as ConfidentialKind, value]
})
