/** Deletions at every moment in short, and the control. `npm run deletions` is the long form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDeletions } from './campaign.ts'

const shared = { seed: 20_261_125, log: () => undefined }
const choose = 'choose'
const die = 'die'

test('killed around deletions, in a batch, in a handing over and in a seal: who is deleted is counted and released no more, all others once', async () => {
  const { mistakes, killsByMoment, choicesByMoment, verdicts } = await runDeletions({
    ...shared,
    kills: 4,
    planned: {
      sending: [
        [
          { moment: 'run', times: 2, act: choose },
          { moment: 'insert', times: 3, act: 'hand over' },
          { moment: 'stored', times: 3, act: die },
        ],
        // The first look of a life is at the batch that was planned before the crash.
        [
          { moment: 'look', times: 1, act: choose },
          { moment: 'look', times: 3, act: choose },
          { moment: 'run', times: 3, act: die },
        ],
        // Sends to its end, so that no sum of the release is so small that it is withheld.
        [],
      ],
      closing: [
        [
          { moment: 'bounding', times: 1, act: choose },
          { moment: 'exporting', times: 1, act: choose },
          { moment: 'saved', times: 1, act: die },
        ],
        [
          { moment: 'reading', times: 1, act: choose },
          { moment: 'claimed', times: 1, act: die },
        ],
      ],
    },
  })
  assert.deepEqual(mistakes, [])
  assert.deepEqual(Object.keys(killsByMoment).sort(), ['claimed', 'run', 'saved', 'stored'])
  const choices = Object.values(choicesByMoment).reduce((sum, count) => sum + count, 0)
  assert.ok(choices >= 8, `${choices} choices`)
  const [verdict] = verdicts
  assert.ok(verdict && verdict.released > 20, 'there is a release in which somebody could be')
  assert.ok(verdict.releasedEvents > 100, `${verdict.releasedEvents} events in sums of the release`)
  assert.ok(verdict.cutFromTables > 0 && verdict.cutFromReleases > verdict.cutFromTables)
})

test('the control: where nobody looks again, the deleted are in tables and in a release, and it is found', async () => {
  const inTables = /device \d+: \d+ events in its day/
  const inRelease = /the release has \d+ devices of g\d/
  // Whether who chooses has something in the batch is by chance: of ten about four have, one round of a hundred has none.
  const roundsMax = 4
  let found = ''
  for (let round = 0; round < roundsMax && !(inTables.test(found) && inRelease.test(found)); round++) {
    const { mistakes } = await runDeletions({
      ...shared,
      kills: 0,
      isBlind: true,
      planned: {
        sending: [[2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((times) => ({ moment: 'run', times, act: choose }))],
        closing: [],
        end: [{ moment: 'bounding', times: 1, act: choose }],
      },
    })
    found += mistakes.join('\n')
  }
  assert.match(found, inTables)
  assert.match(found, inRelease)
})
