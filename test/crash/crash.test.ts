/** The crash campaign in short, and its controls. `npm run crash` is the long form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCampaign } from './campaign.ts'

const seed = 20_261_101
const log = () => undefined

test('kills at random moments and at the worst ones lose nothing and count nothing twice', async () => {
  const aims = ['stored', 'insert', 'run', 'append'] as const
  const result = await runCampaign({ kills: 8, seed, aims, log })
  const { lost, doubled, wrongCells, strangeCells, unplannedEnds, examples } = result
  assert.deepEqual(
    { lost, doubled, wrongCells, strangeCells, unplannedEnds, examples },
    { lost: 0, doubled: 0, wrongCells: 0, strangeCells: 0, unplannedEnds: 0, examples: [] },
  )
  assert.equal(result.acknowledged, result.batches)
  assert.ok(result.batches > 0 && result.overMonthEnd > 0, 'batches over the end of the month')
})

for (const mutation of ['no-mark', 'no-plan'] as const) {
  test(`control: with ${mutation}, kills between insert and commit count events twice`, async () => {
    const result = await runCampaign({ kills: 3, seed, mutation, aims: ['stored', 'stored', 'stored'], log })
    assert.ok(result.doubled > 0, 'the campaign must find what is wrong')
    assert.equal(result.correct, false)
  })
}
