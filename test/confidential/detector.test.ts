/** The short form of `npm run detector`, with the same seed each time; infra/confidential-values.md has the long one's figures. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCampaign, runLists, type Tally } from './campaign.ts'

/** Most of a kind that may be missed, as a share; of innocent strings, that may be withheld. */
const shareMax: Partial<Record<Tally['expected'], number>> = { random: 0.025, innocent: 0.005 }
const shareMaxElsewhere = 0.003
/** Of the published lists, by number: those that are known. */
const listedMax: Partial<Record<Tally['expected'], number>> = { secret: 3, host: 3, random: 2, innocent: 6 }

test('of generated strings of every kind hardly one is missed, and hardly an innocent one is withheld', () => {
  const tallies = runCampaign(20_000, 20_261_125)
  assert.equal(tallies.length, 14)
  for (const { expected, strings, wrong, examples } of tallies) {
    assert.ok(strings > 500, expected)
    assert.ok(
      wrong <= strings * (shareMax[expected] ?? shareMaxElsewhere),
      `${expected}: ${wrong} of ${strings}, ${examples}`,
    )
  }
})

test('of the published lists no more is missed or withheld than is written down', () => {
  const tallies = runLists()
  assert.equal(tallies.length, 14)
  for (const { expected, strings, wrong, examples } of tallies) {
    assert.ok(strings > 5, expected)
    assert.ok(wrong <= (listedMax[expected] ?? 0), `${expected}: ${wrong} of ${strings}, ${examples}`)
  }
})
