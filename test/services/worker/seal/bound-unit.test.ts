import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BoundedUnit } from '../../../../services/worker/seal/bound-unit.ts'

const bound = { cellsMax: 3, eventsMax: 4, measuresMax: [25] }
const priorityOf = (cell: string) => createHmac('sha256', 'key').update(`unit${cell}`).digest('hex')

interface Sent {
  cell: string
  id: string
  value: number
}

function contributionsOf(events: readonly Sent[], limits = bound) {
  const unit = new BoundedUnit(limits, priorityOf)
  for (const { cell, id, value } of events) unit.add(cell, id, [value])
  return unit.contributions().sort((a, b) => (a.cell < b.cell ? -1 : 1))
}

/** The same, worked out from everything at once. */
function expected(events: readonly Sent[]) {
  const cells = new Map<string, Map<string, number>>()
  for (const { cell, id, value } of events) {
    const ids = cells.get(cell) ?? new Map<string, number>()
    ids.set(id, Math.max(value, ids.get(id) ?? 0))
    cells.set(cell, ids)
  }
  const kept = [...cells].sort(([a], [b]) => (priorityOf(a) < priorityOf(b) ? -1 : 1)).slice(0, bound.cellsMax)
  return kept
    .map(([cell, ids]) => {
      const smallest = [...ids].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, bound.eventsMax)
      const sum = smallest.reduce((total, [, value]) => total + value, 0)
      return { cell, sums: [smallest.length, Math.min(sum, 25)] }
    })
    .sort((a, b) => (a.cell < b.cell ? -1 : 1))
}

const someEvents = fc.array(
  fc.record({
    cell: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    id: fc.stringMatching(/^[0-9]{1,2}$/),
    value: fc.integer({ min: 0, max: 20 }),
  }),
  { maxLength: 200 },
)

describe('bounding one unit', () => {
  it('keeps the cells of smallest priority and the events of smallest fingerprint, whatever came first', () => {
    fc.assert(
      fc.property(someEvents, (events) => {
        assert.deepEqual(contributionsOf(events), expected(events))
      }),
    )
  })

  it('gives the same for the same events in another order, and sent several times', () => {
    fc.assert(
      fc.property(someEvents, fc.integer({ min: 1, max: 1000 }), (events, turn) => {
        const turned = [...events.slice(turn % (events.length + 1)), ...events.slice(0, turn % (events.length + 1))]
        const again = [...turned.reverse(), ...events, ...turned]
        assert.deepEqual(contributionsOf(again), contributionsOf(events))
      }),
    )
  })

  it('lets one device with 100,000 events in 1,000 cells count in C cells with M events each', () => {
    const events = Array.from({ length: 100_000 }, (_, index) => ({
      ...{ cell: `cell ${index % 1000}`, id: String(index), value: 1 },
    }))
    const contributions = contributionsOf(events)
    assert.equal(contributions.length, bound.cellsMax)
    assert.ok(contributions.every(({ sums }) => sums[0] === bound.eventsMax))
    const unbounded = contributionsOf(events, { cellsMax: 1e6, eventsMax: 1e6, measuresMax: [1e9] })
    assert.equal(unbounded.length, 1000, 'the control, without bounds, counts in every cell')
  })
})
