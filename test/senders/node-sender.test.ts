/** The kill campaign of our sender in short, and its controls. `npm run sender-kills` is the long form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCompiler } from '../power-cut/durable-state.ts'
import { runKills } from './node-sender-kills.ts'

const seed = 20_261_125
const log = () => undefined

test('a host that is killed at any moment loses nothing that it had handed over, and nothing is counted twice', async () => {
  const { lost, doubled, examples, handed, droppedAfter } = await runKills({ kills: 12, seed, log })
  assert.deepEqual({ lost, doubled, examples }, { lost: 0, doubled: 0, examples: [] })
  assert.ok(handed > 10 && droppedAfter > 0, `${handed} groups handed over, ${droppedAfter} answers dropped`)
})

test('control: a sender that says so before it is handed over loses events', async () => {
  const { lost } = await runKills({ kills: 6, seed, mutation: 'early-word', log })
  assert.ok(lost > 0)
})

test('control: a sender that makes ids when it sends has events counted twice', async () => {
  const { doubled, lost } = await runKills({ kills: 4, seed, mutation: 'new-ids', log })
  assert.ok(doubled > 0)
  assert.equal(lost, 0)
})

test('control: without syncs a cut of the power loses what was handed over', { skip: !hasCompiler() }, async () => {
  const { lost } = await runKills({ kills: 6, seed, mutation: 'no-sync', log })
  assert.ok(lost > 0)
})
