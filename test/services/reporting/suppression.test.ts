import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { suppress } from '../../../services/reporting/suppression.ts'
import { type Cell, submasks } from '../../../services/reporting/suppression-lattice.ts'
import { askEverything, hiddenKeys, narrowedDown, type Report, tableOf, workedOut } from './differencing-attacker.ts'

const k = 5

/** Reports of up to 40 senders over a table of those sizes; `sparse`: most combinations do not occur. */
function reports(sizes: number[], sparse: boolean): fc.Arbitrary<Report[]> {
  const combinations = sizes.reduce<string[][]>(
    (all, size) => all.flatMap((values) => Array.from({ length: size }, (_, index) => [...values, `v${index}`])),
    [[]],
  )
  const cell = (values: string[]) =>
    fc
      .tuple(
        fc.boolean(),
        fc.array(fc.record({ sender: fc.integer({ min: 0, max: 39 }), events: fc.integer({ min: 1, max: 9 }) }), {
          minLength: 1,
          maxLength: 14,
        }),
      )
      .map(([left, some]) => (sparse && left ? [] : some.map((report) => ({ ...report, values }))))
  return fc.tuple(...combinations.map(cell)).map((cells) => cells.flat())
}

const shapes: [string, number[], boolean][] = [
  ['one dimension', [6], false],
  ['two dimensions', [3, 4], false],
  ['three dimensions', [2, 3, 2], false],
  ['two dimensions, half empty', [4, 4], true],
  ['three dimensions, half empty', [3, 3, 2], true],
]

describe('suppression', () => {
  for (const [name, sizes, sparse] of shapes) {
    const dimensions = sizes.length
    const property = (check: (some: Report[]) => void) =>
      fc.assert(fc.property(reports(sizes, sparse), check), { numRuns: 60 })

    it(`${name}: an analyst who solves for the hidden cells of all tables finds none under k`, () => {
      property((some) => {
        const found = workedOut(askEverything(some, dimensions, k, { together: true }), k)
        assert.deepEqual(found, [])
      })
    })

    it(`${name}: without complements the same analyst does find some`, () => {
      const found = fc
        .sample(reports(sizes, sparse), { numRuns: 60, seed: 7 })
        .filter((some) => workedOut(askEverything(some, dimensions, k, { complementary: false }), k).length > 0)
      assert.ok(found.length > 0)
    })

    it(`${name}: below a shown cell none is hidden, or two or more with together at least k devices`, () => {
      property((some) => {
        const full = 2 ** dimensions - 1
        const options = { together: true }
        const hidden = new Map(
          [full, ...submasks(full)].map((mask) => [mask, hiddenKeys(some, dimensions, mask, k, options)]),
        )
        for (const [mask, keys] of hidden)
          for (const coarser of submasks(mask)) checkGroups(some, mask, keys, coarser, hidden.get(coarser)!)
      })
    })
  }

  it('without cells together, tables where every combination occurs still give nothing away', () => {
    fc.assert(
      fc.property(reports([2, 3, 2], false), (some) => {
        assert.deepEqual(workedOut(askEverything(some, 3, k), k), [])
      }),
      { numRuns: 60 },
    )
  })

  it('one dimension: no cell under k follows because each that occurs has an event at least', () => {
    const property = fc.property(reports([6], false), (some) => {
      if (some.length === 0) return
      const once = some.map((report) => ({ ...report, events: 1 }))
      assert.deepEqual(narrowedDown(askEverything(once, 1, k, { together: true }), k), [])
    })
    fc.assert(property, { numRuns: 100 })
  })

  it('does not depend on the order of the cells', () => {
    fc.assert(
      fc.property(reports([4, 4], true), fc.infiniteStream(fc.nat()), (some, numbers) => {
        const cells = tableOf(some, 3)
        const shuffled = cells
          .map((cell) => ({ cell, at: numbers.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ cell }) => cell)
        assert.deepEqual(hiddenOf(shuffled, 2), hiddenOf(cells, 2))
      }),
      { numRuns: 60 },
    )
  })

  it('hides every cell under k, and everything below a hidden cell', () => {
    fc.assert(
      fc.property(reports([3, 4], true), fc.integer({ min: 1, max: 12 }), (some, least) => {
        const byMask = new Map([0, 1, 2, 3].map((mask) => [mask, hiddenKeys(some, 2, mask, least, { together: true })]))
        for (const [mask, keys] of byMask)
          for (const cell of tableOf(some, mask)) {
            if (cell.devices < least) assert.ok(keys.has(cell.values.join('|')))
            for (const coarser of submasks(mask)) {
              if (byMask.get(coarser)!.has(within(cell.values, mask, coarser)))
                assert.ok(keys.has(cell.values.join('|')))
            }
          }
      }),
      { numRuns: 100 },
    )
  })

  it('hides nothing when no cell is under k', () => {
    fc.assert(
      fc.property(reports([3, 4], true), (some) => {
        for (const mask of [0, 1, 2, 3]) assert.equal(hiddenKeys(some, 2, mask, 1, { together: true }).size, 0)
      }),
    )
  })

  it('hides the next smallest cell beside a single small one, and leaves two that together have k', () => {
    const one = [cell('a', 50), cell('b', 40), cell('c', 3)]
    assert.deepEqual(hiddenOf(one, 1, 93), ['b', 'c'])
    const two = [cell('a', 50), cell('b', 40), cell('c', 4), cell('d', 4)]
    assert.deepEqual(hiddenOf(two, 1, 98), ['c', 'd'])
  })

  it('hides also the total of small cells of one event each: it would tell that of each of them', () => {
    const once = ['a', 'b', 'c', 'd', 'e'].map((value, sender) => ({ sender, values: [value], events: 1 }))
    assert.deepEqual([...hiddenKeys(once, 1, 0, k, { together: true })], [''])
    const [first, ...others] = once
    const more = [{ ...first!, events: 2 }, ...others]
    assert.deepEqual([...hiddenKeys(more, 1, 0, k, { together: true })], [])
    // The control: what the analyst would have known.
    assert.equal(narrowedDown(askEverything(once, 1, k), k).length, 5)
  })

  it('does not take the sum of devices for their number: one sender may be in several cells', () => {
    const cells = [cell('a', 50), cell('b', 40), cell('c', 4), cell('d', 4)]
    assert.deepEqual(hiddenOf(cells, 1, 50), ['b', 'c', 'd'])
  })

  it('hides a total under k', () => {
    assert.deepEqual(hiddenOf([{ values: [], events: 9, devices: 4 }], 0), [''])
    assert.deepEqual(hiddenOf([{ values: [], events: 9, devices: 5 }], 0), [])
  })

  it('sees the single hidden cell that joins two rings of hidden cells', () => {
    const small = new Set(['a0', 'a1', 'b0', 'b1', 'b2', 'c2', 'c3', 'd2', 'd3'])
    const cells: Cell[] = ['a', 'b', 'c', 'd'].flatMap((row) =>
      ['0', '1', '2', '3'].map((column) => ({
        values: [row, column],
        events: 10,
        devices: small.has(row + column) ? 4 : 100,
      })),
    )
    const margins = {
      devices: (mask: number, values: readonly string[]) =>
        cells
          .filter((one) => one.values.filter((_, index) => mask & (1 << index)).join() === values.join())
          .reduce((sum, one) => sum + one.devices, 0),
      exact: () => true,
    }
    const hidden = suppress(cells, 2, margins, k)
      .get(3)!
      .cells.filter((one) => one.hidden)
    assert.ok(hidden.length > small.size)
  })
})

function checkGroups(some: Report[], mask: number, hidden: Set<string>, coarser: number, hiddenCoarser: Set<string>) {
  const groups = new Map<string, { cells: Set<string>; senders: Set<number> }>()
  for (const report of some) {
    const own = report.values.filter((_, index) => mask & (1 << index))
    const whole = within(own, mask, coarser)
    if (!hidden.has(own.join('|')) || hiddenCoarser.has(whole)) continue
    const group = groups.get(whole) ?? { cells: new Set(), senders: new Set() }
    groups.set(whole, group)
    group.cells.add(own.join('|'))
    group.senders.add(report.sender)
  }
  for (const { cells, senders } of groups.values()) {
    assert.ok(senders.size >= k, `a remainder of ${senders.size} devices`)
    // A group of one cell that is hidden for another group's sake is the shown cell itself, which has k devices.
    if (cells.size === 1) assert.ok(tableOf(some, mask).find(({ values }) => cells.has(values.join('|')))!.devices >= k)
  }
}

function within(values: readonly string[], mask: number, coarser: number): string {
  const positions = [0, 1, 2].filter((index) => mask & (1 << index))
  return values.filter((_, at) => coarser & (1 << positions[at]!)).join('|')
}

function cell(value: string, devices: number): Cell {
  return { values: [value], events: devices * 2, devices }
}

function hiddenOf(cells: Cell[], dimensions: number, total?: number): string[] {
  const margins = { devices: (mask: number) => (mask === 0 ? total : undefined), exact: () => true }
  const table = suppress(cells, dimensions, margins, k).get(2 ** dimensions - 1)!
  return table.cells.filter((one) => one.hidden).map(({ values }) => values.join('|'))
}
