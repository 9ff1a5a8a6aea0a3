/** The order of published rows: by the bytes of their values, the same on every machine and in every locale. */
import type { ReleaseRow } from './release-types.ts'

/** @throws Error when a cell is there twice: a unit would have counted in it twice */
export function sortedRows(rows: readonly ReleaseRow[]): ReleaseRow[] {
  const sorted = [...rows].sort((a, b) => compareValues(a.values, b.values))
  for (let i = 1; i < sorted.length; i++) {
    const [before, row] = [sorted[i - 1] as ReleaseRow, sorted[i] as ReleaseRow]
    if (compareValues(before.values, row.values) === 0) throw new Error(`a cell of the level ${row.level} came twice`)
  }
  return sorted
}

/** Null first, where one of both is null. */
export function compareValues(a: readonly (string | null)[], b: readonly (string | null)[]): number {
  for (let i = 0; i < a.length; i++) {
    const [left, right] = [a[i] ?? null, b[i] ?? null]
    if (left === right) continue
    if (left === null) return -1
    if (right === null) return 1
    return compareBytes(left, right)
  }
  return 0
}

/** UTF-8 bytes: `<` compares UTF-16 units, which puts U+10000 and above before U+E000. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
