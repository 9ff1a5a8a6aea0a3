/** What the embedded choice log promises (shared/choices/port.ts). */
import assert from 'node:assert/strict'
import { appendFile, readFile, truncate } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { openEmbeddedChoiceLog } from '../../shared/choices/embedded.ts'
import { ChoiceKeyError, historyMax, type NewChoice } from '../../shared/choices/port.ts'
import { choiceKeyFrom, createSubjectHash } from '../../shared/choices/subject.ts'
import { ManualClock } from '../../shared/clock.ts'
import { removeDirectory, temporaryDirectory } from '../fixtures/headcount-process.ts'
import { filesHolding } from '../fixtures/live-folder.ts'
import { linesUntilKilled } from './killed-process.ts'

const choiceKey = choiceKeyFrom('the secret of the choices')
const subjectOf = createSubjectHash(choiceKey)
const subject = subjectOf('device', 'somebody')
const choice = (act: NewChoice['act'], of = subject): NewChoice => ({ subject: of, act, by: 'owner', policy: '1' })

let dir: string
const clock = new ManualClock('2026-11-20T12:00:00Z')
const open = (key = choiceKey) => openEmbeddedChoiceLog({ dir, choiceKey: key, clock })
beforeEach(async () => {
  dir = await temporaryDirectory()
})
afterEach(() => removeDirectory(dir))

test('what was acknowledged is there after each of several kill -9', async () => {
  for (const run of ['one', 'two', 'three']) {
    const told = await linesUntilKilled('choose-until-killed.ts', [dir, run], 150)
    assert.ok(told.length > 4, 'it was killed before it had done anything')
    const log = await open()
    for (const device of told)
      assert.equal(log.choices.countedFrom(subjectOf('device', device)), Number.POSITIVE_INFINITY, device)
    await log.close()
  }
})

test('an opt-out counts nothing, an opt-in counts from then on, a deletion counts nothing from before', async () => {
  const log = await open()
  assert.equal(log.choices.countedFrom(subject), Number.NEGATIVE_INFINITY)
  await log.append(choice('opt-in'))
  assert.equal(log.choices.countedFrom(subject), Number.NEGATIVE_INFINITY)
  const { at } = await log.append(choice('deletion'))
  assert.equal(log.choices.countedFrom(subject), at)
  await log.append(choice('opt-out'))
  await log.append(choice('deletion'))
  assert.equal(log.choices.countedFrom(subject), Number.POSITIVE_INFINITY)
  clock.advance(1000)
  const { at: again } = await log.append(choice('opt-in'))
  assert.equal(log.choices.countedFrom(subject), again)
  const acts = () => log.choices.history(subject).map(({ act }) => act)
  assert.deepEqual(acts(), ['opt-in', 'deletion', 'opt-out', 'deletion', 'opt-in'])
  await log.close()
  const reopened = await open()
  assert.equal(reopened.choices.countedFrom(subject), again)
  assert.equal(reopened.choices.history(subject).length, 5)
  await reopened.close()
})

test('a history has a bound, and what it makes of the subject is not lost with its older entries', async () => {
  const log = await open()
  await log.append(choice('opt-out'))
  for (let index = 0; index < 2 * historyMax; index++) await log.append(choice('deletion'))
  assert.equal(log.choices.history(subject).length, historyMax)
  assert.equal(log.choices.countedFrom(subject), Number.POSITIVE_INFINITY)
  await log.close()
  const reopened = await open()
  assert.equal(reopened.choices.countedFrom(subject), Number.POSITIVE_INFINITY)
  await reopened.close()
})

test('what was removed is in no file, and the others are still there', async () => {
  const log = await open()
  const other = subjectOf('cookie', 'another')
  await log.append(choice('opt-out'))
  await log.append(choice('opt-out', other))
  const needle = Buffer.from(subject)
  assert.equal((await filesHolding(dir, needle)).length, 1, 'the control: it was there')
  await log.remove(log.choices.history(subject))
  assert.deepEqual(await filesHolding(dir, needle), [])
  await log.append(choice('deletion', other))
  await log.close()
  const reopened = await open()
  assert.equal(reopened.choices.countedFrom(subject), Number.NEGATIVE_INFINITY)
  assert.deepEqual(
    reopened.choices.history(other).map(({ act }) => act),
    ['opt-out', 'deletion'],
  )
  await reopened.close()
})

test('a torn last line is cut off, a damaged one in the middle is an error', async () => {
  const log = await open()
  await log.append(choice('opt-out'))
  await log.close()
  const file = path.join(dir, 'choices.log')
  const whole = await readFile(file, 'utf8')
  await appendFile(file, whole.split('\n')[1]?.slice(0, 40) ?? '')
  const mended = await open()
  assert.equal(mended.choices.countedFrom(subject), Number.POSITIVE_INFINITY)
  await mended.append(choice('deletion'))
  await mended.close()
  await truncate(file, 20)
  await appendFile(file, whole.slice(21))
  await assert.rejects(open(), /damaged|another key/)
})

test('a log that was begun under another key is refused, with what to set', async () => {
  await (await open()).close()
  await assert.rejects(open(choiceKeyFrom('another secret')), (error: Error) => {
    assert.ok(error instanceof ChoiceKeyError)
    assert.match(error.message, /HEADCOUNT_CHOICE_KEY/)
    return true
  })
})

test('no identifier is in the files, nor a hash of it that could be made without the key', async () => {
  const log = await open()
  await log.append(choice('opt-out'))
  await log.close()
  const text = await readFile(path.join(dir, 'choices.log'), 'utf8')
  assert.ok(text.includes(subject))
  assert.ok(!text.includes('somebody'))
  assert.notEqual(createSubjectHash(choiceKeyFrom('a guess'))('device', 'somebody'), subject)
})
