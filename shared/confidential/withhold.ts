/** Messages without what is confidential in them: for log lines and errors, where the rest of the text is of use. */
import { textCharactersMax } from './detector.ts'
import { verdictOn } from './verdict.ts'

const betweenWords = /([\s"'`<>()[\]{},;|]+)/
/** Stands for one of our own names while a text is judged; a user at it is a user all the same. */
const ownName = 'own'

/**
 * Each word that looks confidential becomes its kind in parentheses; where words do so only together, their whole line
 * goes. @param own names that are the installation's and may stand: its folders, its servers; longest first
 */
export function withhold(text: string, own: readonly string[] = []): string {
  const short =
    text.length > textCharactersMax ? `${text.slice(0, textCharactersMax - 100).replace(/\S*$/, '')}…` : text
  if (kindOf(short, own) === undefined) return short
  return short
    .split('\n')
    .map((line) => withholdInLine(line, own))
    .join('\n')
}

function withholdInLine(line: string, own: readonly string[]): string {
  if (kindOf(line, own) === undefined) return line
  const words = line.split(betweenWords).map((word) => {
    const kind = kindOf(word, own)
    return kind === undefined ? word : `(${kind})`
  })
  const rest = words.join('')
  const kind = kindOf(rest, own)
  return kind === undefined ? rest : `(withheld: ${kind})`
}

function kindOf(text: string, own: readonly string[]) {
  let judged = text
  for (const name of own) judged = judged.replaceAll(name, ownName)
  return verdictOn(judged)
}
