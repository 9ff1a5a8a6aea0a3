/** The contract of the choice log (shared/choices/port.ts). Every adapter passes all of it. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  type Choice,
  ChoiceKeyError,
  type ChoiceLog,
  type Choices,
  historyMax,
  type NewChoice,
  type Subject,
} from '../../shared/choices/port.ts'
import { choiceKeyFrom, createSubjectHash } from '../../shared/choices/subject.ts'
import { removeDirectory, temporaryDirectory } from '../fixtures/headcount-process.ts'
import { filesHolding } from '../fixtures/live-folder.ts'
import { until } from '../fixtures/until.ts'
import { linesUntilKilled } from './killed-process.ts'

export const choiceKey = choiceKeyFrom('the secret of the choices')
export const subjectOf = createSubjectHash(choiceKey)
const manyChoices = 100_000
/** What a subject with one choice may take in memory, and all of them to open. */
const subjectBytesMax = 800
const openMsMax = 10_000

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** An adapter as the suite needs it. A folder means a log. */
export interface ChoiceLogStore {
  /** Resolves when everything that is there has been read. @throws ChoiceKeyError */
  open(dir: string, key?: Buffer): Promise<ChoiceLog>
  /** Arguments of choose-until-killed.ts. */
  readonly arguments: (dir: string) => string[]
  /** Writes so many opt-outs at once, of devices named by their number. */
  fill(dir: string, count: number): Promise<void>
  /** Whether an entry can be found in the files now; removed ones until the next compaction. */
  files(dir: string): string
  /** Resolves when what is removed from then on may go, and what had been removed with it. */
  compacted(dir: string, log: ChoiceLog): Promise<void>
}

export function choose(act: NewChoice['act'], subject: Subject): NewChoice {
  return { subject, act, by: 'owner', policy: '1' }
}

/** What a fold knows of one subject. */
export function known(choices: Choices, subject: Subject): [acts: string[], countedFrom: number] {
  return [choices.history(subject).map(({ act }) => act), choices.countedFrom(subject)]
}

export function choiceLogContract(name: string, store: ChoiceLogStore): void {
  describe(`the choice log, ${name}`, () => {
    let dir = ''
    const opened = new Set<ChoiceLog>()
    const open = async (key?: Buffer) => {
      const log = await store.open(dir, key)
      opened.add(log)
      return log
    }
    const close = async (log: ChoiceLog) => {
      opened.delete(log)
      await log.close()
    }
    const reopen = async (log: ChoiceLog) => {
      await close(log)
      return open()
    }
    beforeEach(async () => {
      dir = await temporaryDirectory()
    })
    afterEach(async () => {
      for (const log of opened) await close(log)
      await removeDirectory(dir)
    })
    const subject = subjectOf('device', 'somebody')
    const other = subjectOf('cookie', 'another')

    it('durable: what was acknowledged is there after each of several kill -9', async () => {
      for (const run of ['one', 'two', 'three']) {
        const told = await linesUntilKilled('choose-until-killed.ts', [run, ...store.arguments(dir)], 500)
        assert.ok(told.length > 4, 'it was killed before it had done anything')
        const log = await open()
        for (const device of told)
          assert.equal(log.choices.countedFrom(subjectOf('device', device)), Number.POSITIVE_INFINITY, device)
        await close(log)
      }
    })

    it('an opt-out counts nothing, an opt-in counts from then on, a deletion counts nothing from before', async () => {
      const log = await open()
      assert.equal(log.choices.countedFrom(subject), Number.NEGATIVE_INFINITY)
      await log.append(choose('opt-in', subject))
      assert.equal(log.choices.countedFrom(subject), Number.NEGATIVE_INFINITY)
      const { at } = await log.append(choose('deletion', subject))
      assert.equal(log.choices.countedFrom(subject), at)
      await log.append(choose('opt-out', subject))
      await log.append(choose('deletion', subject))
      assert.equal(log.choices.countedFrom(subject), Number.POSITIVE_INFINITY)
      const { at: again } = await log.append(choose('opt-in', subject))
      const whole = [['opt-in', 'deletion', 'opt-out', 'deletion', 'opt-in'], again]
      assert.deepEqual(known(log.choices, subject), whole)
      assert.deepEqual(known((await reopen(log)).choices, subject), whole)
    })

    it('an append is folded when it resolves, and tells what is kept', async () => {
      const log = await open()
      const asked: NewChoice = { subject, act: 'deletion', by: 'operator', policy: '2', case: 'C-17' }
      const { id, at, ...kept } = await log.append(asked)
      assert.deepEqual(kept, asked)
      assert.match(id, /^[0-9a-f]{16}$/)
      assert.ok(Math.abs(at - Date.now()) < 60_000, 'by a clock like ours')
      assert.deepEqual(log.choices.history(subject), [{ ...kept, id, at }])
      assert.deepEqual((await reopen(log)).choices.history(subject), [{ ...kept, id, at }])
    })

    it('one order: what is appended at once has the same order in every fold, and `at` does not decrease', async () => {
      const log = await open()
      const names = Array.from({ length: 40 }, (_, index) => `device ${index % 8}`)
      const acts = ['deletion', 'opt-out', 'opt-in'] as const
      await Promise.all(names.map((device, i) => log.append(choose(acts[i % 3]!, subjectOf('device', device)))))
      const seen = (choices: Choices) => [...new Set(names)].map((one) => choices.history(subjectOf('device', one)))
      const before = seen(log.choices)
      const times = [...log.choices.all()].map(({ at }) => at)
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      )
      for (const history of before) {
        const own = history.map(({ at }) => at)
        assert.deepEqual(
          own,
          own.toSorted((a, b) => a - b),
        )
      }
      assert.deepEqual(seen((await reopen(log)).choices), before)
    })

    it('the version grows with what makes less counted, and with nothing else', async () => {
      const log = await open()
      const grows = async (act: NewChoice['act'], of = subject) => {
        const { version } = log.choices
        await log.append(choose(act, of))
        return log.choices.version > version
      }
      assert.equal(await grows('opt-in'), false)
      assert.equal(await grows('opt-out'), true)
      assert.equal(await grows('opt-out'), false)
      assert.equal(await grows('opt-in'), false)
      assert.equal(await grows('deletion', other), true)
    })

    it('a history has a bound, and what it makes of the subject is not lost with its older entries', async () => {
      const log = await open()
      await log.append(choose('opt-out', subject))
      for (let index = 0; index < 2 * historyMax; index++) await log.append(choose('deletion', subject))
      assert.equal(log.choices.history(subject).length, historyMax)
      assert.equal(log.choices.countedFrom(subject), Number.POSITIVE_INFINITY)
      const reopened = await reopen(log)
      assert.equal(reopened.choices.history(subject).length, historyMax)
      assert.equal(reopened.choices.countedFrom(subject), Number.POSITIVE_INFINITY)
    })

    it('nothing is undone unseen: an opt-in that was asked for before the opt-out was there has no effect', async () => {
      const log = await open()
      await Promise.all([
        log.append(choose('opt-out', subject)),
        log.append(choose('opt-in', subject)),
        log.append(choose('opt-in', other)),
      ])
      assert.equal(log.choices.countedFrom(subject), Number.POSITIVE_INFINITY)
      const reopened = await reopen(log)
      assert.equal(reopened.choices.countedFrom(subject), Number.POSITIVE_INFINITY)
      // The control: the same, when the opt-out had been seen.
      await reopened.append(choose('opt-in', subject))
      assert.ok(reopened.choices.countedFrom(subject) < Number.POSITIVE_INFINITY)
    })

    it('removed means removed: it is in no later fold and in no file, and the others are', async () => {
      const log = await open()
      const kept = await log.append(choose('opt-out', other))
      const gone = await log.append(choose('opt-out', subject))
      const stays = await log.append(choose('deletion', subject))
      const holding = (needle: string) => filesHolding(store.files(dir), needle)
      assert.equal((await holding(gone.id)).length, 1, 'the control: it was there')
      await log.remove([gone])
      assert.deepEqual(log.choices.history(subject), [stays])
      assert.equal(log.choices.countedFrom(subject), stays.at)
      await store.compacted(dir, log)
      await log.remove(log.choices.history(subject))
      await until(async () => (await holding(subject)).length === 0)
      assert.equal((await holding(kept.subject)).length, 1)
      const reopened = await reopen(log)
      assert.deepEqual(known(reopened.choices, subject), [[], Number.NEGATIVE_INFINITY])
      assert.deepEqual(reopened.choices.history(other), [kept])
    })

    it('one key: a log that was begun under another one is refused, with what to set', async () => {
      const log = await open()
      await log.append(choose('opt-out', subject))
      await close(log)
      await assert.rejects(open(choiceKeyFrom('another secret')), (error: Error) => {
        assert.ok(error instanceof ChoiceKeyError, String(error))
        assert.match(error.message, /set HEADCOUNT_CHOICE_KEY to the secret that was set then/)
        return true
      })
      assert.equal((await open()).choices.countedFrom(subject), Number.POSITIVE_INFINITY)
    })

    it('no identifier is in the files', async () => {
      const log = await open()
      await log.append(choose('opt-out', subject))
      assert.equal((await filesHolding(store.files(dir), subject)).length, 1, 'the control: the files are looked at')
      assert.deepEqual(await filesHolding(store.files(dir), 'somebody'), [])
    })

    it(`${manyChoices} choices are read in time, and memory has a bound for each`, async (t) => {
      await store.fill(dir, manyChoices)
      collectGarbage()
      const before = process.memoryUsage().heapUsed
      const began = performance.now()
      const log = await open()
      const openMs = performance.now() - began
      collectGarbage()
      const bytes = (process.memoryUsage().heapUsed - before) / manyChoices
      assert.equal(log.choices.size, manyChoices)
      for (const device of ['0', String(manyChoices - 1)])
        assert.equal(log.choices.countedFrom(subjectOf('device', device)), Number.POSITIVE_INFINITY)
      t.diagnostic(`read in ${openMs.toFixed(0)} ms, ${bytes.toFixed(0)} bytes for each`)
      assert.ok(openMs < openMsMax, `${openMs} ms`)
      assert.ok(bytes < subjectBytesMax, `${bytes} bytes`)
    })
  })
}

/** What is folded of both, for adapters that several processes share. */
export function historiesOf(log: ChoiceLog, subjects: readonly Subject[]): (readonly Choice[])[] {
  return subjects.map((subject) => log.choices.history(subject))
}
