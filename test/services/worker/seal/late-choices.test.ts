import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type SealedDay, type SealTools, sealDay } from '../../../../services/worker/seal/seal-day.ts'
import { parseCatalogue } from '../../../../shared/catalogue-file.ts'
import type { ChoiceBook } from '../../../../shared/choices/choice-book.ts'
import type { ChoiceAct } from '../../../../shared/choices/port.ts'
import { ManualClock } from '../../../../shared/clock.ts'
import { encodeRecord } from '../../../../shared/event.ts'
import { overriding } from '../../../crash/overriding.ts'
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
const noon = `${day}T12:00:00Z`

const choose = ({ log, subjectOf }: ChoiceBook, device: string, act: ChoiceAct = 'deletion') =>
  log.append({ subject: subjectOf('device', device), act, by: 'owner', policy: '1' })

/** A day in which each device sends two events at noon; `late` sends one more at one o'clock. */
async function dayOf(scratchDir: string, devices: string[], choices: ChoiceBook): Promise<SealTools> {
  const clock = new ManualClock(noon)
  const log = new MemoryEventLog(clock)
  const append = (device: string, events: number) =>
    log.append([{ partition: 0, value: encodeRecord(recordOf({ at: clock, device, events })) }])
  for (const device of devices) await append(device, 2)
  clock.advance(3_600_000)
  await append('late', 1)
  const onProgress = async () => undefined
  return {
    ...{ log, keyValue: new MemoryKeyValue(clock), catalogue, scratchDir, choices, onProgress },
    locate: () => '',
  }
}

const bookAt = (time: string) => memoryChoiceBook(new ManualClock(time))
const cellsOf = (sealed: SealedDay) =>
  [...(sealed.cellsOf('usage').get('leaf') ?? [])].map(({ devices, sums }) => [devices, Number(sums[0])])
const key = randomBytes(32)

for (const phase of ['reading', 'bounding', 'ready'] as const)
  for (const act of ['deletion', 'opt-out'] as const)
    test(`somebody chooses ${act} while the count is ${phase}: the cells are without the record, and with all others`, () =>
      withTemporaryDirectory(async (dir) => {
        const book = bookAt('2026-11-22T00:00:00Z')
        const tools = await dayOf(dir, ['gone', 'stays', 'late'], book)
        let chosen = false
        const onProgress = async (progress: { phase: string }) => {
          if (chosen || progress.phase !== phase) return
          chosen = true
          await choose(book, 'gone', act)
        }
        const sealed = await sealDay(day, key, { ...tools, onProgress })
        if (phase === 'ready') await choose(book, 'gone', act)
        await sealed.heedChoices()
        assert.deepEqual(cellsOf(sealed), [[2, 5]])
        await sealed.remove()
      }))

test('the control: cells of which nobody looks again have the record', () =>
  withTemporaryDirectory(async (dir) => {
    const book = bookAt('2026-11-22T00:00:00Z')
    const sealed = await sealDay(day, key, await dayOf(dir, ['gone', 'stays', 'late'], book))
    await choose(book, 'gone')
    assert.deepEqual(cellsOf(sealed), [[3, 7]])
    await sealed.remove()
  }))

test('what a device sent after its deletion stays, though the deletion comes to be known while the day is counted', () =>
  withTemporaryDirectory(async (dir) => {
    const book = bookAt(`${day}T12:30:00Z`)
    const sealed = await sealDay(day, key, await dayOf(dir, ['late', 'stays'], book))
    await choose(book, 'late')
    await sealed.heedChoices()
    assert.deepEqual(cellsOf(sealed), [[2, 3]])
    await sealed.remove()
  }))

test('everybody leaves, one after the other: the cell is gone', () =>
  withTemporaryDirectory(async (dir) => {
    const book = bookAt('2026-11-22T00:00:00Z')
    const devices = ['a', 'b', 'late']
    const sealed = await sealDay(day, key, await dayOf(dir, devices, book))
    for (const [index, device] of devices.entries()) {
      await choose(book, device)
      // Twice is no more than once.
      for (let look = 0; look < 2; look++) await sealed.heedChoices()
      assert.deepEqual(cellsOf(sealed), [[[2, 5]], [[1, 3]], []][index])
    }
    await sealed.remove()
  }))

test('choices that keep coming cost their own buckets, not the day: it is read once, and ends', () =>
  withTemporaryDirectory(async (dir) => {
    const book = bookAt('2026-11-22T00:00:00Z')
    const devices = Array.from({ length: 60 }, (_, number) => `device ${number}`)
    let left = 0
    const log = overriding(book.log, {
      async catchUp() {
        if (left < 50) await choose(book, devices[left++] as string)
      },
    })
    const tools = await dayOf(dir, devices, { ...book, log })
    let reads = 0
    const onProgress = async ({ phase }: { phase: string }) => {
      if (phase === 'reading') reads++
    }
    const sealed = await sealDay(day, key, { ...tools, onProgress })
    await sealed.heedChoices()
    assert.deepEqual(cellsOf(sealed), [[11, 21]])
    assert.equal(reads, 1)
    await sealed.remove()
  }))

test('where somebody has chosen at every look it is given up, to be tried again', () =>
  withTemporaryDirectory(async (dir) => {
    const book = bookAt('2026-11-22T00:00:00Z')
    let count = 0
    const log = overriding(book.log, { catchUp: async () => void (await choose(book, `device ${count++}`)) })
    const sealed = await sealDay(day, key, await dayOf(dir, ['stays'], { ...book, log }))
    await assert.rejects(sealed.heedChoices(), /chose before each of 1000 looks/)
    await sealed.remove()
  }))
