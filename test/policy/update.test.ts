/** update: "when you update … we may … keep the unrevised copy": choices have versions, each with its time and its policy. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { createNodeKey } from '../../services/collector/privacy/node-key.ts'
import type { Held } from '../../services/collector/privacy/what-is-held.ts'
import { choiceKeyFrom, createSubjectHash } from '../../shared/choices/subject.ts'
import { hourMs } from '../../shared/window.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

let world: WholeInstallation
before(async () => {
  world = await WholeInstallation.start()
})
after(() => world.remove())

const secrets = () => ({ choiceKey: '', adminToken: world.headcount.credentials.adminToken })
const owner = (device: string) => ({ authorization: `Bearer ${createNodeKey(secrets())(device)}` })
const sender = () => ({ authorization: `Bearer ${world.headcount.credentials.writeKey}` })

const post = (what: string, body: object, headers: Record<string, string>) =>
  fetch(`${world.headcount.collectorUrl}/v1/privacy/${what}`, { method: 'POST', headers, body: JSON.stringify(body) })

async function choose(device: string, choice: string, headers = owner(device)): Promise<number> {
  world.clock.advance(1000)
  return (await post('choice', { choice, device }, headers)).status
}

async function held(device: string): Promise<Held> {
  const response = await fetch(`${world.headcount.collectorUrl}/v1/privacy/access?device=${device}`, {
    headers: owner(device),
  })
  assert.equal(response.status, 200)
  return (await response.json()) as Held
}

const acts = async (device: string) => (await held(device)).history.map(({ choice }) => choice)

/** Lines of the file in which the choices are that have the device. */
async function linesOf(device: string): Promise<number> {
  const subject = createSubjectHash(choiceKeyFrom(secrets().adminToken))('device', device)
  const text = await readFile(path.join(world.dir, 'choices', 'choices.log'), 'utf8')
  return text.split('\n').filter((line) => line.includes(subject)).length
}

async function adopt(version: string): Promise<void> {
  const file = path.join(world.dir, 'policy.txt')
  const head = `title: Ours\nversion: "${version}"\nsince: 2026-11-20\nnotice: None`
  await writeFile(file, `---\n${head}\n---\n\n# Words\n\nWe count heads.\n`)
  world.settings.HEADCOUNT_POLICY = file
  await world.restart()
}

test('each version of a choice is kept with its time and the policy it was made under, over a restart', async () => {
  await adopt('7')
  const times = [world.clock.now() + 1000]
  await choose('versions', 'opt-out')
  await adopt('8')
  times.push(world.clock.now() + 1000, world.clock.now() + 2000)
  await choose('versions', 'opt-in')
  await choose('versions', 'opt-out', sender())
  const found = await held('versions')
  assert.equal(found.choice, 'opt-out')
  const at = times.map((time) => new Date(time).toISOString())
  assert.deepEqual(found.history, [
    { choice: 'opt-out', at: at[0], by: 'owner', policy: '7' },
    { choice: 'opt-in', at: at[1], by: 'owner', policy: '8' },
    { choice: 'opt-out', at: at[2], by: 'sender', policy: '8' },
  ])
})

test('the history is bounded, and what holds stays in it', async () => {
  await choose('often', 'opt-out')
  for (let round = 0; round < 40; round++) assert.equal(await choose('often', 'opt-out', sender()), 200)
  const { history, choice } = await held('often')
  assert.equal(history.length, 32)
  assert.equal(choice, 'opt-out')
  // Repeating what an owner chose with the write key makes it no easier to undo.
  assert.equal(await choose('often', 'opt-in', sender()), 403)
  assert.equal(await choose('often', 'opt-in'), 200)
  assert.equal((await held('often')).choice, 'opt-in')
})

test('on request the earlier versions are removed from the file; an opt-out that holds stays and is honoured', async () => {
  for (const choice of ['opt-out', 'opt-in', 'opt-out']) await choose('spare', choice)
  // The control: without the word a deletion leaves the history as it is.
  assert.equal((await post('deletion', { device: 'spare' }, owner('spare'))).status, 202)
  assert.deepEqual(await acts('spare'), ['opt-out', 'opt-in', 'opt-out', 'deletion'])
  assert.equal(await linesOf('spare'), 4)
  assert.equal((await post('deletion', { device: 'spare', history: true }, sender())).status, 403)
  assert.equal((await post('deletion', { device: 'spare', history: true }, owner('spare'))).status, 202)
  assert.deepEqual(await acts('spare'), ['opt-out', 'deletion', 'deletion'])
  assert.equal(await linesOf('spare'), 3)
  await world.restart()
  assert.equal((await held('spare')).choice, 'opt-out')
})

test('who opts in and then has the history removed is in no line of the file 99 hours later', async () => {
  for (const choice of ['opt-out', 'opt-in']) await choose('leaving', choice)
  assert.equal((await post('deletion', { device: 'leaving', history: true }, owner('leaving'))).status, 202)
  assert.deepEqual(await acts('leaving'), ['deletion'])
  await world.headcount.worker.maintain()
  await world.passTo(new Date(world.clock.now() + 99 * hourMs).toISOString())
  assert.equal(await linesOf('leaving'), 0)
  assert.notEqual(await linesOf('spare'), 0, 'the control: an opt-out is still there')
})

test('an operator removes a history on a case, which the ledger has', async () => {
  await choose('on a case', 'opt-in')
  const admin = { authorization: `Bearer ${world.headcount.credentials.adminToken}` }
  const body = { device: 'on a case', history: true, case: 'C-9' }
  assert.equal((await post('deletion', body, admin)).status, 202)
  assert.deepEqual(await acts('on a case'), ['deletion'])
  await world.headcount.worker.maintain()
  const found = []
  for await (const { event } of world.headcount.ledger.entries())
    if ('case' in event && event.case === 'C-9') found.push(event.kind)
  assert.deepEqual(found.sort(), ['subject.deleted', 'subject.served'])
})
