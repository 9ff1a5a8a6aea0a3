/** The contract of the choice log on the embedded one, and what only a file has. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { openEmbeddedChoiceLog } from '../../shared/choices/embedded.ts'
import { systemClock } from '../../shared/clock.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'
import { choiceKey, choiceLogContract, choose, subjectOf } from './choice-log.ts'

const open = (dir: string, key = choiceKey) => openEmbeddedChoiceLog({ dir, choiceKey: key, clock: systemClock })
const fileOf = (dir: string) => path.join(dir, 'choices.log')

choiceLogContract('embedded', {
  open,
  arguments: (dir) => [dir],
  files: (dir) => dir,
  compacted: async () => undefined,
  async fill(dir, count) {
    // Written at once: a flush for each would take minutes.
    await (await open(dir)).close()
    const lines = Array.from({ length: count }, (_, index) => {
      const id = index.toString(16).padStart(16, '0')
      const text = JSON.stringify({ ...choose('opt-out', subjectOf('device', String(index))), id, at: index })
      return `${createHash('sha256').update(text).digest('hex').slice(0, 8)} ${text}\n`
    })
    await appendFile(fileOf(dir), lines.join(''))
  },
})

const subject = subjectOf('device', 'somebody')

test('a torn last line is cut off, a damaged one in the middle is an error', () =>
  withTemporaryDirectory(async (dir) => {
    const log = await open(dir)
    await log.append(choose('opt-out', subject))
    await log.close()
    const whole = await readFile(fileOf(dir), 'utf8')
    await appendFile(fileOf(dir), whole.split('\n')[1]?.slice(0, 40) ?? '')
    const mended = await open(dir)
    assert.equal(mended.choices.countedFrom(subject), Number.POSITIVE_INFINITY)
    await mended.append(choose('deletion', subject))
    await mended.close()
    await truncate(fileOf(dir), 20)
    await appendFile(fileOf(dir), whole.slice(21))
    await assert.rejects(open(dir), /damaged|another key/)
  }))

test('wherever the last line is torn, what came before it is there', () =>
  withTemporaryDirectory(async (dir) => {
    const log = await open(dir)
    await log.append(choose('opt-out', subject))
    const { length: kept } = await readFile(fileOf(dir))
    await log.append(choose('deletion', subjectOf('cookie', 'last')))
    await log.close()
    const whole = await readFile(fileOf(dir))
    for (let bytes = kept; bytes < whole.length; bytes += 7) {
      await writeFile(fileOf(dir), whole.subarray(0, bytes))
      const torn = await open(dir)
      assert.equal(torn.choices.size, 1)
      assert.equal(torn.choices.countedFrom(subject), Number.POSITIVE_INFINITY)
      await torn.close()
      assert.equal((await readFile(fileOf(dir))).length, kept)
    }
  }))
