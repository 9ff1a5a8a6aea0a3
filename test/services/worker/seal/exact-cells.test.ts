import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { CellTotals, cellOf } from '../../../../services/worker/seal/exact-cells.ts'
import { withTemporaryDirectory } from '../../../fixtures/temporary-directory.ts'

async function totalsOf(dir: string, inMemoryMax: number) {
  const totals = new CellTotals(path.join(dir, String(inMemoryMax)), 2, inMemoryMax)
  for (let index = 0; index < 5000; index++) {
    totals.add(index % 2, { cell: cellOf([`é\n${(index * 7919) % 613}`, 'b"\0']), sums: [index % 9, index] })
    if (index % 50 === 0) await totals.spill()
  }
  return totals
}

describe('adding up cells', () => {
  it('gives the same cells and sums from runs on disk as from memory, in one order', () =>
    withTemporaryDirectory(async (dir) => {
      const inMemory = await totalsOf(dir, 1e9)
      const spilled = await totalsOf(dir, 100)
      assert.ok((await readdir(path.join(dir, '100'))).length > 20, 'there are runs to be merged')
      for (const level of [0, 1]) {
        const cells = [...inMemory.cells(level)]
        assert.equal(
          cells.reduce((sum, { devices }) => sum + devices, 0),
          2500,
        )
        assert.deepEqual([...spilled.cells(level)], cells)
      }
      await spilled.remove()
      assert.deepEqual(await readdir(dir), [])
    }))
})
