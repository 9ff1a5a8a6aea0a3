/**
 * Reading a catalogue's mappings: every read is typed, notes a mistake with its line and returns a harmless value, so that
 * all mistakes of a file are told at once.
 */
import { withhold } from './confidential/withhold.ts'
import { compare, type Fraction, parseFraction } from './fraction.ts'

/** Columns that mean something else already. */
const reservedIds = new Set([
  'dataset',
  'grain',
  'window',
  'stage',
  'by',
  'kp',
  'log',
  'hi',
  'events',
  'devices',
  'units',
])

/** The catalogue file has mistakes; the message has one line for each: `file:line: what is wrong; the mend`. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError'
}

export class Mistakes {
  readonly #found: string[] = []
  constructor(
    readonly file: string,
    readonly lineOf: (path: readonly (string | number)[]) => number,
  ) {}
  at(path: readonly (string | number)[], what: string): void {
    this.atLine(this.lineOf(path), what)
  }
  atLine(line: number, what: string): void {
    // Messages quote what they are about, and are printed where logs are kept.
    this.#found.push(`${this.file}:${line}: ${withhold(what)}`)
  }
  stopIfAny(): void {
    if (this.#found.length > 0)
      throw new CatalogueError(`The catalogue has mistakes:\n${[...new Set(this.#found)].slice(0, 20).join('\n')}`)
  }
}

/** One mapping of the file, with typed reads that record a mistake and return a harmless value instead of throwing. */
export class Field {
  readonly #value: Record<string, unknown>
  constructor(
    value: unknown,
    readonly path: readonly (string | number)[],
    readonly mistakes: Mistakes,
  ) {
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isMapping)
      mistakes.at(
        path,
        `must be a mapping${path.length === 0 ? ' with version, features, dimensions and datasets' : ''}`,
      )
    this.#value = isMapping ? (value as Record<string, unknown>) : {}
  }
  mistake(key: string, what: string): void {
    this.mistakes.at([...this.path, key], what)
  }
  has(key: string): boolean {
    return this.#value[key] !== undefined
  }
  keys(): string[] {
    return Object.keys(this.#value)
  }
  onlyKeys(allowed: readonly string[]): void {
    for (const key of this.keys())
      if (!allowed.includes(key)) this.mistake(key, `\`${key}\` is not known here; there may be ${allowed.join(', ')}`)
  }
  optional(key: string): Field | undefined {
    return this.has(key) ? new Field(this.#value[key], [...this.path, key], this.mistakes) : undefined
  }
  list(key: string, max: number, optional = false): Field[] {
    const value = this.#value[key]
    if (value === undefined && optional) return []
    if (!Array.isArray(value) || (value.length === 0 && !optional)) {
      this.mistake(key, `\`${key}\` must be a list with at least one entry`)
      return []
    }
    if (value.length > max) this.mistake(key, `\`${key}\` may have at most ${max} entries`)
    return value.slice(0, max).map((entry, index) => new Field(entry, [...this.path, key, index], this.mistakes))
  }
  text(key: string, fallback?: string): string {
    const value = this.#value[key] ?? fallback
    if (typeof value === 'string' && value.length <= 500 && (value !== '' || fallback === '')) return value
    this.mistake(key, `\`${key}\` must be a text of 1 to 500 characters`)
    return ''
  }
  texts(key: string, fallback?: string[], max = 500): string[] {
    const value = this.#value[key] ?? fallback
    if (
      Array.isArray(value) &&
      value.length <= max &&
      (value.length > 0 || fallback) &&
      value.every((entry) => typeof entry === 'string' && entry.length <= 200)
    ) {
      if (new Set(value).size !== value.length) this.mistake(key, `\`${key}\` names something twice`)
      return value as string[]
    }
    this.mistake(key, `\`${key}\` must be a list of 1 to ${max} texts (quote numbers and true or false)`)
    return []
  }
  textLists(key: string): string[][] {
    const value = this.#value[key] ?? []
    if (
      Array.isArray(value) &&
      value.length <= 64 &&
      value.every((entry) => Array.isArray(entry) && entry.every((id) => typeof id === 'string'))
    )
      return value as string[][]
    this.mistake(key, `\`${key}\` must be a list of lists of dimensions, for example [[version, provider]]`)
    return []
  }
  numbers(key: string): number[] {
    const value = this.#value[key]
    if (
      Array.isArray(value) &&
      value.length > 0 &&
      value.length <= 100 &&
      value.every((entry) => typeof entry === 'number' && Number.isFinite(entry))
    )
      return value as number[]
    this.mistake(key, `\`${key}\` must be a list of 1 to 100 numbers`)
    return [0]
  }
  integer(key: string, min: number, max: number, fallback?: number): number {
    const value = this.#value[key] ?? fallback
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    this.mistake(key, `\`${key}\` must be a whole number from ${min} to ${max}`)
    return min
  }
  /** `3/200`, `0.015` or `1e-9`, above zero. */
  fraction(key: string, max: Fraction, fallback?: string): Fraction {
    const value = this.#value[key] ?? fallback
    const parsed = typeof value === 'string' || typeof value === 'number' ? parseFraction(String(value)) : undefined
    if (parsed && parsed.numerator > 0n && compare(parsed, max) <= 0) return parsed
    const most = max.denominator === 1n ? `${max.numerator}` : `${max.numerator}/${max.denominator}`
    this.mistake(key, `\`${key}\` must be a fraction such as 3/200 or 0.015, above 0 and at most ${most}`)
    return max
  }
  oneOf<T extends string>(key: string, allowed: readonly T[], fallback?: T): T {
    const value = this.#value[key] ?? fallback
    if (allowed.includes(value as T)) return value as T
    this.mistake(key, `\`${key}\` must be one of ${allowed.join(', ')}`)
    return allowed[0] as T
  }
  /** Anchored, so that a rule can never let free text around a match through; values are at most 64 characters. */
  pattern(key: string): RegExp {
    try {
      return new RegExp(`^(?=.{1,64}$)(?:${this.text(key)})$`, 'u')
    } catch (error) {
      this.mistake(key, `\`${key}\` is not a regular expression: ${(error as Error).message}`)
      return /^$/
    }
  }
  featureId(): string {
    const id = this.text('id')
    if (id !== '' && !/^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,99}$/.test(id))
      this.mistake(
        'id',
        `\`${id}\`: a feature id has letters, digits, space and ._:/- and starts with a letter or digit`,
      )
    return id
  }
  /** An id that becomes a column or table name. */
  columnId(key = 'id'): string {
    const id = this.text(key)
    if (id !== '' && (!/^[a-z][a-z0-9_]{0,49}$/.test(id) || reservedIds.has(id)))
      this.mistake(
        key,
        `\`${id}\` must be lower-case letters, digits and _, start with a letter, and not be one of ${[...reservedIds].join(', ')}`,
      )
    return id
  }
  /** @param names by entry of the list: all names that must not stand twice */
  distinct(key: string, names: readonly (readonly string[])[], taken: Iterable<string> = []): void {
    const seen = new Set<string>(taken)
    for (const [index, ofEntry] of names.entries()) {
      for (const name of new Set(ofEntry)) {
        if (seen.has(name)) this.mistakes.at([...this.path, key, index], `\`${name}\` is declared twice`)
        seen.add(name)
      }
    }
  }
}
