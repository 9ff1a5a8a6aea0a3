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

  it('takes out what was added, from memory and from runs; a cell that everybody has left is none', () =>
    withTemporaryDirectory(async (dir) => {
      const totals = new CellTotals(dir, 1, 2)
      const of = (cell: string, events: number) => ({ cell: cellOf([cell]), sums: [events] })
      for (const cell of ['a', 'b', 'c']) for (const events of [3, 4]) totals.add(0, of(cell, events))
      await totals.spill()
      totals.add(0, of('d', 5))
      for (const [cell, events] of [
        ['a', 3],
        ['b', 3],
        ['b', 4],
        ['d', 5],
      ] as const)
        totals.subtract(0, of(cell, events))
      assert.deepEqual(
        [...totals.cells(0)].map(({ values, devices, sums }) => [values[0], devices, sums]),
        [
          ['a', 1, [4n]],
          ['c', 2, [7n]],
        ],
      )
    }))
})
