/** The kill campaign of our sender in short, and its controls. `npm run sender-kills` is the long form. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { hasCompiler } from '../power-cut/durable-state.ts'
import { type KillsGround, openGround } from './node-sender-ground.ts'
import { type KillMutation, runKills } from './node-sender-kills.ts'

// The collector has taken the second request when its connection is dropped.
const seed = 20_261_127
const log = () => undefined
const groupsOfEach = 144
const campaignsMax = 3
const controlKills = 6
// Under CI it must be there.
const skip = hasCompiler() || process.env.CI === 'true' ? false : 'needs a C compiler: apt-get install gcc libc6-dev'
/** Killed while they track, nearly always. */
const lifeMsMax = 100

let ground: KillsGround
before(async () => {
  ground = await openGround(4 * groupsOfEach)
})
after(() => ground[Symbol.asyncDispose]())

test('a host that is killed at any moment loses nothing that it had handed over, and nothing is counted twice', async () => {
  const { lost, doubled, examples, warnings, handed, droppedAfter } = await runKills({ ground, kills: 12, seed, log })
  assert.deepEqual([lost, doubled, examples, warnings], [0, 0, [], []])
  assert.ok(handed > 0 && droppedAfter > 0, `${handed} groups handed over, ${droppedAfter} answers dropped`)
})

test('control: a sender that says so before it is handed over loses events', async () => {
  assert.ok((await lostWith('early-word', groupsOfEach)) > 0)
})

test('control: a sender that makes ids when it sends has events counted twice', async () => {
  const firstGroup = 2 * groupsOfEach
  const mutation = 'new-ids'
  const { doubled, lost } = await runKills({ ground, firstGroup, kills: 3, seed, mutation, dropsAnswers: true, log })
  assert.ok(doubled > 0)
  assert.equal(lost, 0)
})

test('control: without syncs a cut of the power loses what was handed over', { skip }, async () => {
  assert.ok((await lostWith('no-sync', 3 * groupsOfEach)) > 0)
})

/** Whether a kill meets an event on its way is by chance, as the sender's pauses are: further campaigns until one does. */
async function lostWith(mutation: KillMutation, from: number): Promise<number> {
  for (let campaign = 0; campaign < campaignsMax; campaign++) {
    const firstGroup = from + (campaign * groupsOfEach) / campaignsMax
    const { lost } = await runKills({
      ...{ ground, firstGroup, kills: controlKills, lifeMsMax, seed: seed + campaign, mutation, log },
    })
    if (lost > 0) return lost
  }
  return 0
}
