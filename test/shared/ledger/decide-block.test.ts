import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { blockEntriesMax, type Decide, decideBlock } from '../../../shared/ledger/decide-block.ts'
import type { LedgerEvent } from '../../../shared/ledger/port.ts'
import { TransitionError } from '../../../shared/ledger/transitions.ts'
import { added, at, day, folded, published, reserved, sealed } from './folded.ts'

const appends =
  (...events: LedgerEvent[]): Decide =>
  (state) => ({ events, result: state.head.seq })

describe('deciding a block', () => {
  it('lets each see what the ones before it appended', () => {
    const block = decideBlock(folded(), [appends(reserved('a')), appends(sealed('a'), published('a')), appends()], at)
    assert.deepEqual(block.outcomes, [{ result: 0 }, { result: 1 }, { result: 3 }])
    assert.deepEqual(
      block.entries.map(({ seq }) => seq),
      [1, 2, 3],
    )
    assert.equal(block.state.release(day, 'a')?.state, 'PUBLISHED')
    assert.equal(block.state.head.hash, block.entries[2]?.hash)
  })

  it('appends nothing of one whose events cannot all follow, and goes on', () => {
    const block = decideBlock(folded(), [appends(reserved('a'), published('a')), appends(reserved('a'))], at)
    assert.ok('error' in (block.outcomes[0] ?? {}))
    assert.ok((block.outcomes[0] as { error: unknown }).error instanceof TransitionError)
    assert.deepEqual(block.outcomes[1], { result: 0 })
    assert.equal(block.entries.length, 1)
  })

  it('takes as many as fit, in order, and leaves the rest', () => {
    const read: LedgerEvent = { kind: 'partner.read', partner: 'p', what: 'list' }
    const many = Array.from({ length: 10 }, () => appends(...Array<LedgerEvent>(100).fill(read)))
    const block = decideBlock(folded(added('p')), many, at)
    assert.deepEqual([block.entries.length, block.outcomes.length], [200, 2])
    const one = decideBlock(folded(added('p')), [appends(...Array<LedgerEvent>(blockEntriesMax).fill(read))], at)
    assert.equal(one.entries.length, blockEntriesMax)
  })
})
