/** Text that people read on one line, in a list, a chart or the ledger. */

/** Without control and format characters, half pairs and line ends: they make a list lie, or break it. */
export function isPrintableLine(text: string): boolean {
  return !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)
}
