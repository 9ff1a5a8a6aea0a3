import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { countHeeding } from '../../../../services/worker/seal/count-heeding.ts'
import { sealDay } from '../../../../services/worker/seal/seal-day.ts'
import { parseCatalogue } from '../../../../shared/catalogue-file.ts'
import { LeftOut } from '../../../../shared/choices/left-out.ts'
import { ManualClock } from '../../../../shared/clock.ts'
import { encodeRecord } from '../../../../shared/event.ts'
import { memoryChoiceBook } from '../../../doubles/memory-choice-log.ts'
import { MemoryEventLog } from '../../../doubles/memory-event-log.ts'
import { MemoryKeyValue } from '../../../doubles/memory-key-value.ts'
import { recordOf } from '../../../fixtures/installation.ts'
import { withTemporaryDirectory } from '../../../fixtures/temporary-directory.ts'

const catalogue = parseCatalogue(
  `
version: "1"
features: [{ id: a, title: A }]
dimensions: [{ id: feature, title: Feature, from: feature }]
datasets:
  - { id: usage, title: Usage, dimensions: [feature], audience: partners, release: [{ level: leaf, by: [feature], events: 8, share: 1 }] }
`,
  'test.yaml',
)
const day = '2026-11-20'

/** A day of three devices, of which one chooses when its count has come as far as `phase`. */
async function world(scratchDir: string, phase: 'reading' | 'bounding', act: 'deletion' | 'opt-out') {
  const clock = new ManualClock(`${day}T12:00:00Z`)
  const log = new MemoryEventLog(clock)
  for (const device of ['gone', 'stays', 'stays too'])
    await log.append([{ partition: 0, value: encodeRecord(recordOf({ at: clock, device, events: 2 })) }])
  const book = memoryChoiceBook(clock)
  let chosen = false
  const onProgress = async (progress: { phase: string }) => {
    if (chosen || progress.phase !== phase) return
    chosen = true
    await book.log.append({ subject: book.subjectOf('device', 'gone'), act, by: 'owner', policy: '1' })
  }
  const keyValue = new MemoryKeyValue(clock)
  return { ...{ log, keyValue, catalogue, scratchDir, onProgress }, locate: () => '', leftOut: new LeftOut(book) }
}

for (const phase of ['reading', 'bounding'] as const)
  for (const act of ['deletion', 'opt-out'] as const)
    test(`a ${act} in the phase of ${phase}: the release is drawn without the record, and with all others`, () =>
      withTemporaryDirectory(async (dir) => {
        const sealed = await countHeeding(day, randomBytes(32), await world(dir, phase, act))
        assert.deepEqual(
          [...(sealed.cellsOf('usage').get('leaf') ?? [])].map(({ devices, sums }) => [devices, Number(sums[0])]),
          [[2, 4]],
        )
        await sealed.remove()
      }))

test('the control: a count that is not repeated has the record', () =>
  withTemporaryDirectory(async (dir) => {
    const sealed = await sealDay(day, randomBytes(32), await world(dir, 'bounding', 'deletion'))
    assert.equal(sealed.units, 3)
    await sealed.remove()
  }))

test('whoever chooses during every count holds the day up for a bounded time only', () =>
  withTemporaryDirectory(async (dir) => {
    const clock = new ManualClock(`${day}T12:00:00Z`)
    const tools = await world(dir, 'reading', 'deletion')
    const book = memoryChoiceBook(clock)
    let devices = 0
    const onProgress = async () => {
      const subject = book.subjectOf('device', `device ${devices++}`)
      await book.log.append({ subject, act: 'deletion', by: 'owner', policy: '1' })
    }
    await assert.rejects(
      countHeeding(day, randomBytes(32), { ...tools, leftOut: new LeftOut(book), onProgress }),
      /choices were made during each/,
    )
  }))
