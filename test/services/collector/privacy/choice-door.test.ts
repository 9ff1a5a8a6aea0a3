/** How requests of the privacy doors are read, and what a collector without a ledger does not do. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ManualClock } from '../../../../shared/clock.ts'
import { memoryChoiceBook } from '../../../doubles/memory-choice-log.ts'
import { adminToken, startCollector, writeKey } from '../running-collector.ts'

const clock = new ManualClock('2026-11-23T10:15:00Z')
const form = 'application/x-www-form-urlencoded'

async function collector() {
  const choices = memoryChoiceBook(clock)
  const running = await startCollector({ choices, clock })
  return { ...running, acts: (device: string) => choices.log.choices.history(choices.subjectOf('device', device)) }
}

for (const [what, body, type] of [
  ['JSON', '{"choice":"opt-out","device":"d"}', 'application/json'],
  ['JSON that curl calls a form', ' {"choice":"opt-out","device":"d"}', form],
  ['JSON without a type', '{"choice":"opt-out","device":"d"}', undefined],
  ['a form', 'choice=opt-out&device=d', form],
] as const)
  it(`reads ${what}`, async () => {
    await using running = await collector()
    // Of bytes fetch says no type by itself.
    const headers = type === undefined ? {} : { 'content-type': type }
    const response = await running.send(new TextEncoder().encode(body), headers, '/v1/privacy/choice')
    assert.equal(response.status, 200)
    assert.deepEqual(
      running.acts('d').map(({ act, by }) => `${act} by ${by}`),
      ['opt-out by sender'],
    )
  })

it('answers what it cannot read with 400, and changes nothing', async () => {
  await using running = await collector()
  for (const body of ['[]', '{', 'null', '{"choice":"opt-out","device":7}', '{"choice":"opt-out","device":""}'])
    assert.equal((await running.send(body, {}, '/v1/privacy/choice')).status, 400, body)
  assert.deepEqual(running.acts('7'), [])
})

it('without a ledger an operator is told which command looks; a choice stands with its case', async () => {
  await using running = await collector()
  const admin = { authorization: `Bearer ${adminToken}` }
  const access = await running.send({ device: 'd', case: 'C-1' }, admin, '/v1/privacy/access')
  assert.equal(access.status, 403)
  assert.match(await access.text(), /headcount access/)
  assert.equal(
    (await running.send({ choice: 'opt-out', device: 'd', case: 'C-1' }, admin, '/v1/privacy/choice')).status,
    200,
  )
  assert.deepEqual(
    running.acts('d').map((one) => one.case),
    ['C-1'],
  )
})

it('an address asks 60 times a minute, and then is told when to come again', async () => {
  await using running = await collector()
  const ask = () =>
    running.send({ choice: 'opt-in', device: 'd' }, { authorization: `Bearer ${writeKey}` }, '/v1/privacy/choice')
  for (let asked = 0; asked < 60; asked++) assert.equal((await ask()).status, 200)
  const refused = await ask()
  assert.equal(refused.status, 429)
  assert.equal(refused.headers.get('retry-after'), '60')
})
