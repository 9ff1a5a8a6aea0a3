import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeMember, encodeMember, sharePartitions } from '../../../shared/eventlog/kafka-sharing.ts'

const member = (id: string, had: number[] = [], generation = 1) => ({ id, had, generation })

describe('sharing partitions among workers', () => {
  it('gives every partition to exactly one member, and none two more than another', () => {
    const members = fc.uniqueArray(
      fc.record({
        id: fc.string({ minLength: 1 }),
        had: fc.array(fc.integer({ min: 0, max: 30 })),
        generation: fc.nat(5),
      }),
      { minLength: 1, maxLength: 8, selector: ({ id }) => id },
    )
    fc.assert(
      fc.property(members, fc.nat(24), (told, partitions) => {
        const shares = [...sharePartitions(told, partitions).values()]
        assert.deepEqual(
          shares.flat().sort((a, b) => a - b),
          Array.from({ length: partitions }, (_, index) => index),
        )
        const sizes = shares.map(({ length }) => length)
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1)
      }),
    )
  })

  it('lets members keep what they have when one comes or goes', () => {
    const joined = sharePartitions([member('a', [0, 1, 2]), member('b', [3, 4, 5]), member('c')], 6)
    assert.ok(joined.get('a')?.every((partition) => partition < 3))
    assert.ok(joined.get('b')?.every((partition) => partition >= 3))
    const left = sharePartitions([member('a', [0, 1]), member('b', [3, 4])], 6)
    assert.deepEqual(
      [left.get('a')?.slice(0, 2), left.get('b')?.slice(0, 2)],
      [
        [0, 1],
        [3, 4],
      ],
    )
  })

  it('believes the newer generation when two say they had a partition', () => {
    const shares = sharePartitions([member('a', [0], 4), member('b', [0], 7)], 2)
    assert.deepEqual(shares.get('b'), [0])
  })

  it('takes what it cannot read for a member that has nothing', () => {
    assert.deepEqual(decodeMember('a', encodeMember('t', [1, 2], 3)), { id: 'a', had: [1, 2], generation: 3 })
    const odd = encodeMember('t', ['x'] as unknown as number[], 3)
    assert.deepEqual(decodeMember('a', odd), { id: 'a', had: [], generation: -1 })
  })
})
