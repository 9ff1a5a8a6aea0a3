/** What every adapter checks of a block before the engine sees it. */
import { BlockTooLargeError, type InsertBlock, insertBytesMax, insertRowsMax } from './port.ts'

/**
 * @param values the block's lines in UTF-8
 * @throws BlockTooLargeError or RangeError
 */
export function checkBlock({ rows, lines }: InsertBlock, values: Buffer): void {
  if (rows > insertRowsMax) throw new BlockTooLargeError(`${rows} rows; one insert has at most ${insertRowsMax}`)
  if (values.length > insertBytesMax)
    throw new BlockTooLargeError(`${values.length} bytes; one insert has at most ${insertBytesMax}`)
  let ends = 0
  for (let at = values.indexOf(10); at !== -1; at = values.indexOf(10, at + 1)) ends++
  if (rows < 1 || ends !== rows || !lines.endsWith('\n'))
    throw new RangeError(`an insert of ${rows} rows must have as many lines, each ending in a newline; it has ${ends}`)
}
