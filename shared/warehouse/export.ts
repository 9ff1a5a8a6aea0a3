/** What statements whose answer is a file have in common. */

/** The rows of an export stand in its own text; the engine takes 256 KiB by default. */
export const exportSqlBytesMax = 128 * 1024 * 1024

/** `SETTINGS a = 1, b = 'x'`: in the statement itself, so that nothing stays on a connection. */
export function settingsClause(settings: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(settings).map(([name, value]) => {
    if (!/^\w+$/.test(name) || (typeof value === 'string' && !/^\w*$/.test(value)))
      throw new RangeError(`${name} cannot stand in a statement`)
    return `${name} = ${typeof value === 'string' ? `'${value}'` : value}`
  })
  return `SETTINGS ${parts.join(', ')}`
}
