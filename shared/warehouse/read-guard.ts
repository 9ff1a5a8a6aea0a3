/**
 * What a reader may ask: one SELECT over tables. The engine's `readonly=1` refuses writes, settings and most table
 * functions, but in process it still lets through (tried on chdb 3.4.0): the scalar function `file()`, also as
 * `` `\x66ile` `` and as `arrayMap(file, …)`; `INTO OUTFILE`; a second statement; `KILL QUERY`; and `sqlite()` makes a
 * file before it is refused. Readers' SQL is ours and values are bound, so this is the second wall, kept strict and
 * simple: text that it does not understand is refused.
 */

/** The query is not one a reader may make; a mistake in our own SQL, or somebody trying. */
export class ForbiddenQueryError extends Error {
  override readonly name = 'ForbiddenQueryError'
}

/** Scalar functions that read files; refused wherever their name stands, since a function may be passed by name. */
const readingFunctions = new Set(['file', 'catboostevaluate'])

/** Table functions that only make rows or show what is in tables. */
export const harmlessTableFunctions: ReadonlySet<string> = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'values',
  'view',
  'null',
  'format',
  'generateseries',
  'generate_series',
])

const literalOrComment = /'(?:[^'\\]|\\[\s\S]|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|`([^`\\]*)`|"([^"\\]*)"/g

/**
 * @param sql with `{name:Type}` placeholders
 * @param tableFunctions lower-case names that may not be called
 * @throws ForbiddenQueryError
 */
export function mustBeOneSelect(sql: string, tableFunctions: ReadonlySet<string>): void {
  const bare = sql
    .replace(literalOrComment, (_, backticked?: string, quoted?: string) => ` ${backticked ?? quoted ?? ' '} `)
    .trim()
    .replace(/;$/, '')
  // Other quotes, heredocs and escapes that the engine knows would make this reading of the text differ from its own.
  if (/[^\x20-\x7e\n\r\t]|[$#\\'"`;]/.test(bare))
    refuse('quotes that do not match, a second statement or odd characters')
  if (!/^(?:select|with)\b/i.test(bare)) refuse('anything but SELECT')
  if (/\binto\b/i.test(bare)) refuse('INTO')
  if (/:\s*identifier\b/i.test(bare)) refuse('identifiers as parameters')
  for (const [word] of bare.matchAll(/\w+/g)) if (readingFunctions.has(word.toLowerCase())) refuse(word)
  for (const [, name = ''] of bare.matchAll(/(\w+)\s*\(/g)) if (tableFunctions.has(name.toLowerCase())) refuse(name)
}

function refuse(what: string): never {
  throw new ForbiddenQueryError(`a reader's query may not have ${what}`)
}
