/** Rows in the engine's memory of errors, and how they are got out of it. */

interface Statements {
  select<Row>(sql: string): Promise<Row[]>
  command(sql: string): Promise<unknown>
}

/**
 * The engine keeps the last message of every kind of error for the life of the process (system.errors), and a refused
 * insert's message quotes the row, pseudonyms and all. There is no statement that clears them; an error of the same kind
 * with another message takes its place.
 */
export async function forgetQuotedRows(engine: Statements): Promise<void> {
  const kinds = await engine.select<{ code: number }>(
    "SELECT code FROM system.errors WHERE last_error_message LIKE '%Row %'",
  )
  for (const { code } of kinds) {
    const query = `SELECT throwIf(1, 'forgotten', toInt16(${Number(code)})) SETTINGS allow_custom_error_code_in_throwif = 1`
    await engine.command(query).catch(() => undefined)
  }
}
