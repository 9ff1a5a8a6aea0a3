import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dailyHeads } from '../../../shared/ledger/daily-heads.ts'
import type { LedgerEntry } from '../../../shared/ledger/port.ts'

const entries = (...times: string[]) => times.map((at, seq) => ({ seq, at, hash: `h${seq}` }) as LedgerEntry)

async function headsOf(all: LedgerEntry[], today: string) {
  const heads: string[] = []
  for await (const { day, seq, hash } of dailyHeads(all, today)) heads.push(`${day} ${seq} ${hash}`)
  return heads
}

describe('daily heads', () => {
  const all = entries(
    '2026-11-21T00:00:00.000Z',
    '2026-11-21T23:59:59.999Z',
    '2026-11-22T00:00:00.000Z',
    '2026-11-24T12:00:00.000Z',
    '2026-11-25T12:00:00.000Z',
  )

  it('are the last entry of each UTC day that is over', async () => {
    assert.deepEqual(await headsOf(all, '2026-11-25'), ['2026-11-21 1 h1', '2026-11-22 2 h2', '2026-11-24 3 h3'])
    assert.deepEqual(await headsOf(all, '2026-11-26'), [...(await headsOf(all, '2026-11-25')), '2026-11-25 4 h4'])
    assert.deepEqual(await headsOf(all, '2026-11-24'), ['2026-11-21 1 h1', '2026-11-22 2 h2'])
    assert.deepEqual(await headsOf(all, '2026-11-21'), [])
    assert.deepEqual(await headsOf([], '2026-11-21'), [])
  })

  it('count an entry whose clock was behind for the later day, so that each day comes once', async () => {
    const behind = entries('2026-11-22T00:00:01.000Z', '2026-11-21T23:59:58.000Z', '2026-11-23T00:00:00.000Z')
    assert.deepEqual(await headsOf(behind, '2026-11-23'), ['2026-11-22 1 h1'])
  })
})
