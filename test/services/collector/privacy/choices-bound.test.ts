/** When no more choices can be kept: who is refused, and that the refusal tells nothing. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createNodeKey } from '../../../../services/collector/privacy/node-key.ts'
import { ManualClock } from '../../../../shared/clock.ts'
import { memoryChoiceBook } from '../../../doubles/memory-choice-log.ts'
import { adminToken, event, startCollector, writeKey } from '../running-collector.ts'

const clock = new ManualClock('2026-11-23T10:15:00Z')
const keyOf = createNodeKey({ choiceKey: '', adminToken })

async function full() {
  const choices = memoryChoiceBook(clock)
  const collector = await startCollector({ choices, clock, settings: { choicesMax: 2 } })
  const choose = (device: string, token: string, more = {}) =>
    collector.send({ choice: 'opt-out', device, ...more }, { authorization: `Bearer ${token}` }, '/v1/privacy/choice')
  const ratio = async () => (await collector.metrics.choiceSubjectsRatio.get()).values[0]?.value
  return { ...collector, choices: choices.log.choices, choose, ratio }
}

it('takes choices up to the bound, and shows how near it is', async () => {
  await using collector = await full()
  assert.equal(await collector.ratio(), 0)
  assert.equal((await collector.choose('a', writeKey)).status, 200)
  assert.equal((await collector.choose('b', keyOf('b'))).status, 200)
  await collector.choose('c', writeKey)
  assert.equal(await collector.ratio(), 1)
})

it('at the bound refuses the write key for every identifier alike, and owners only what would be new', async () => {
  await using collector = await full()
  for (const device of ['a', 'b']) await collector.choose(device, keyOf(device))
  const answers = new Set<string>()
  for (const device of ['a', 'unknown']) {
    const response = await collector.choose(device, writeKey)
    answers.add(`${response.status} ${response.headers.get('retry-after')} ${await response.text()}`)
  }
  assert.equal(answers.size, 1)
  assert.match([...answers][0] ?? '', /^503 3600 .*Headcount-Telemetry/)
  assert.equal((await collector.choose('a', keyOf('a'))).status, 200)
  assert.equal((await collector.choose('new', keyOf('new'))).status, 503)
  assert.equal(collector.choices.size, 2)
})

it('never refuses an operator', async () => {
  await using collector = await full()
  for (const device of ['a', 'b', 'c'])
    assert.equal((await collector.choose(device, adminToken, { case: 'C' })).status, 200)
  assert.equal(collector.choices.size, 3)
})

it('at the bound takes nothing of a request with events of another child, and everybody else’s as ever', async () => {
  await using collector = await full()
  for (const device of ['a', 'b']) await collector.choose(device, keyOf(device))
  const child = { ...event, device: 'of-a-child', child: true }
  assert.equal((await collector.send({ events: [child, event] })).status, 503)
  assert.deepEqual(collector.records(), [])
  assert.equal((await collector.send({ events: [event] })).status, 200)
  assert.equal(collector.records().length, 1)
})
