/** The tables of infra/senders/conformance.md: a case a row, or several names in backquotes. */
import { readFile } from 'node:fs/promises'

const list = new URL('../../../../infra/senders/conformance.md', import.meta.url)

/**
 * The cases listed as passing under the heading, sorted.
 * @throws Error when a row has neither `pass` nor a reason
 */
export async function listedCases(heading: string): Promise<string[]> {
  const text = await readFile(list, 'utf8')
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`no section ${heading}`)
  const rows = [...section.matchAll(/^\| (?!-|case)(.+?) \| (.+?) \| ?(.*?) \|$/gm)]
  return rows
    .flatMap(([, name = '', verdict, reason = '']) => {
      if (verdict === 'pass') return name.startsWith('`') ? name.replaceAll('`', '').split(', ') : [name]
      if (verdict !== 'no' || reason === '') throw new Error(`${name}: neither \`pass\` nor \`no\` with a reason`)
      return []
    })
    .sort()
}
