/** The laws of shared/eventlog/port.ts, for every adapter. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '../../shared/clock.ts'
import {
  type Assignment,
  type EventLog,
  LogUnavailableError,
  StaleAssignmentError,
} from '../../shared/eventlog/port.ts'
import { filesHolding } from '../fixtures/live-folder.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'

export interface EventLogOptions {
  /** Folder of its own; the same folder means the same log. */
  dir: string
  clock: ManualClock
  partitions?: number
  pendingBytesMax?: number
}

export type OpenEventLog = (options: EventLogOptions) => Promise<EventLog>

/**
 * A log whose server has the clock: nobody can move it, and retention is the server's. Such an adapter says how its server is
 * told to forget, and shows retention by time itself.
 */
export interface ServerClock {
  /** Has the server remove what lies before `position`. */
  removeBefore(dir: string, partition: number, position: number): Promise<void>
}

const start = '2026-11-23T10:59:58.000Z'
const hourMs = 3_600_000
const retentionMs = 72 * hourMs

/** Assignments by partition. */
export async function assignments(log: EventLog, onRevoked?: (partition: number) => void): Promise<Assignment[]> {
  const given: Assignment[] = []
  await log.subscribe({
    assigned: (assignment) => void given.push(assignment),
    revoked: async (partition) => onRevoked?.(partition),
  })
  return given.sort((a, b) => a.partition - b.partition)
}

export const toPartition = (partition: number, ...texts: string[]) =>
  texts.map((text) => ({ partition, value: Buffer.from(text) }))

const everything = { records: 10_000, bytes: 1e9, waitMs: 0 }

/** All that is readable from `from` on, as text. */
export async function readTexts(assignment: Assignment, from = 0, limit = {}): Promise<string[]> {
  const { records } = await assignment.read(from, { ...everything, ...limit })
  return records.map(({ value }) => value.toString())
}

async function only(log: EventLog): Promise<Assignment> {
  const [assignment] = await assignments(log)
  return assignment as Assignment
}

export function eventLogContract(name: string, open: OpenEventLog, server?: ServerClock): void {
  const law = (title: string, check: (dir: string, clock: ManualClock) => Promise<void>) =>
    it(title, () => withTemporaryDirectory((dir) => check(dir, new ManualClock(start))))

  const ownClockLaw = server ? () => undefined : law
  const serverClockLaw = server ? law : () => undefined

  describe(`event log contract: ${name}`, () => {
    law('appended records are there after close and reopen, at the positions that were given', async (dir, clock) => {
      const log = await open({ dir, clock, partitions: 2 })
      const appended = await log.append([...toPartition(0, 'a', 'b'), ...toPartition(1, 'c')])
      assert.deepEqual(
        appended.map(({ partition, position }) => [partition, position]),
        [
          [0, 0],
          [0, 1],
          [1, 0],
        ],
      )
      await log.close()
      const again = await open({ dir, clock, partitions: 2 })
      const [first, second] = (await assignments(again)) as [Assignment, Assignment]
      assert.deepEqual(await readTexts(first), ['a', 'b'])
      assert.deepEqual(await readTexts(second), ['c'])
      assert.equal((await again.append(toPartition(0, 'd')))[0]?.position, 2)
      await again.close()
    })

    law(
      'each of many concurrent appends is at the position it was told, and a sender’s order is kept',
      async (dir, clock) => {
        const log = await open({ dir, clock, partitions: 3 })
        const told = new Map<string, string>()
        const sends = Array.from({ length: 600 }, async (_, index) => {
          const texts = [`${index}-first`, `${index}-second`]
          const appended = await log.append(toPartition(index % 3, ...texts))
          for (const [at, { partition, position }] of appended.entries())
            told.set(`${partition}/${position}`, texts[at] ?? '')
        })
        await Promise.all(sends)
        const found = new Map<string, string>()
        for (const assignment of await assignments(log)) {
          const { records, end } = await assignment.read(0, everything)
          assert.equal(records.length, 400)
          assert.equal(end, 400)
          for (const { position, value } of records) found.set(`${assignment.partition}/${position}`, value.toString())
        }
        assert.deepEqual([...found].sort(), [...told].sort())
        await log.close()
      },
    )

    law('history reads every partition again beside its consumer, whatever was committed', async (dir, clock) => {
      const log = await open({ dir, clock, partitions: 2 })
      await log.append([...toPartition(0, 'a', 'b', 'c'), ...toPartition(1, 'd')])
      const [first] = (await assignments(log)) as [Assignment]
      assert.deepEqual(await readTexts(first), ['a', 'b', 'c'])
      await first.commit(3, '')
      const partitions = await log.history()
      const found: Record<number, string[]> = {}
      for (const one of partitions) {
        const { start: from, end } = await one.bounds()
        const { records } = await one.read(from, { ...everything, before: end })
        found[one.partition] = records.map(({ value }) => value.toString())
        await one.close()
      }
      assert.deepEqual(found, { 0: ['a', 'b', 'c'], 1: ['d'] })
      await log.append(toPartition(0, 'e'))
      assert.deepEqual(await readTexts(first, 3), ['e'])
      await log.close()
    })

    ownClockLaw(
      'appendedAt is the clock’s, and does not decrease when the clock goes back, over a restart too',
      async (dir, clock) => {
        const log = await open({ dir, clock, partitions: 1 })
        const at = async (which: EventLog) => (await which.append(toPartition(0, 'x')))[0]?.appendedAt
        assert.equal(await at(log), Date.parse(start))
        clock.advance(5000)
        assert.equal(await at(log), Date.parse(start) + 5000)
        clock.advance(-2 * hourMs)
        assert.equal(await at(log), Date.parse(start) + 5000)
        await log.close()
        const again = await open({ dir, clock, partitions: 1 })
        assert.equal(await at(again), Date.parse(start) + 5000)
        const { records } = await (await only(again)).read(0, everything)
        assert.deepEqual(
          records.map(({ appendedAt }) => appendedAt - Date.parse(start)),
          [0, 5000, 5000, 5000],
        )
        await again.close()
      },
    )

    serverClockLaw(
      'appendedAt is the server’s time of the append, the same when read, and does not decrease, over a restart too',
      async (dir, clock) => {
        let log = await open({ dir, clock, partitions: 1 })
        const times: number[] = []
        for (let index = 0; index < 4; index++) {
          const before = Date.now()
          const [appended] = await log.append(toPartition(0, `${index}`))
          assert.ok(before <= appended!.appendedAt && appended!.appendedAt <= Date.now())
          times.push(appended!.appendedAt)
          if (index !== 1) continue
          await log.close()
          log = await open({ dir, clock, partitions: 1 })
        }
        assert.deepEqual([...times].sort(), times)
        const { records } = await (await only(log)).read(0, everything)
        assert.deepEqual(
          records.map(({ appendedAt }) => appendedAt),
          times,
        )
        await log.close()
      },
    )

    law('a commit keeps position and metadata together, over a restart', async (dir, clock) => {
      const log = await open({ dir, clock, partitions: 1 })
      await log.append(toPartition(0, 'a', 'b', 'c'))
      const assignment = await only(log)
      assert.deepEqual(await assignment.committed(), { position: 0, metadata: '' })
      await assignment.commit(0, 'v1:2:plan')
      await assignment.commit(2, 'ü'.repeat(512))
      await assert.rejects(assignment.commit(3, 'x'.repeat(1025)))
      assert.deepEqual(await assignment.committed(), { position: 2, metadata: 'ü'.repeat(512) })
      await log.close()
      const again = await open({ dir, clock, partitions: 1 })
      assert.deepEqual(await (await only(again)).committed(), { position: 2, metadata: 'ü'.repeat(512) })
      await again.close()
    })

    law(
      'a hand-over is told, refuses every call of the former holder, and raises the epoch, over a restart too',
      async (dir, clock) => {
        const log = await open({ dir, clock, partitions: 2 })
        const revoked: number[] = []
        const former = await assignments(log, (partition) => revoked.push(partition))
        const waiting = assert.rejects(
          former[0]?.read(0, { ...everything, waitMs: 60_000 }) as Promise<unknown>,
          StaleAssignmentError,
        )
        const current = await assignments(log)
        await waiting
        assert.deepEqual(revoked.sort(), [0, 1])
        for (const [index, assignment] of former.entries()) {
          assert.equal(assignment.isCurrent(), false)
          await assert.rejects(assignment.commit(0, ''), StaleAssignmentError)
          await assert.rejects(assignment.committed(), StaleAssignmentError)
          await assert.rejects(assignment.read(0, everything), StaleAssignmentError)
          assert.ok((current[index]?.epoch ?? 0) > assignment.epoch)
          assert.equal(current[index]?.isCurrent(), true)
        }
        await log.close()
        const again = await open({ dir, clock, partitions: 2 })
        assert.ok((await assignments(again))[0]!.epoch > current[0]!.epoch)
        await again.close()
      },
    )

    law('a waiting read is woken by an append, and returns nothing when the wait is over', async (dir, clock) => {
      const log = await open({ dir, clock, partitions: 1 })
      const assignment = await only(log)
      const began = performance.now()
      assert.deepEqual(await assignment.read(0, { ...everything, waitMs: 50 }), { records: [], end: 0 })
      assert.ok(performance.now() - began >= 45)
      const read = readTexts(assignment, 0, { waitMs: 20_000 })
      setTimeout(() => void log.append(toPartition(0, 'woken')), 20)
      assert.deepEqual(await read, ['woken'])
      assert.ok(performance.now() - began < 10_000)
      await log.close()
    })

    law('a read keeps to its bounds, and one that starts earlier gives the same records again', async (dir, clock) => {
      const log = await open({ dir, clock, partitions: 1 })
      await log.append(toPartition(0, ...'abcdef'))
      const assignment = await only(log)
      assert.deepEqual(await readTexts(assignment, 1, { before: 4 }), ['b', 'c', 'd'])
      assert.deepEqual(await readTexts(assignment, 4, { before: 4, waitMs: 20_000 }), [])
      assert.deepEqual(await readTexts(assignment, 4), ['e', 'f'])
      assert.deepEqual(await readTexts(assignment, 0, { records: 2 }), ['a', 'b'])
      assert.deepEqual(await readTexts(assignment, 2, { bytes: 3 }), ['c', 'd', 'e'])
      assert.deepEqual(await readTexts(assignment, 2, { bytes: 0 }), ['c'])
      assert.deepEqual(await readTexts(assignment, 1, { before: 4 }), ['b', 'c', 'd'])
      await log.close()
    })

    law('records of any size come back whole', async (dir, clock) => {
      const log = await open({ dir, clock, partitions: 1 })
      const values = [0, 1, 5_000_000, 1_048_556, 3, 1_048_576].map((length, index) => Buffer.alloc(length, index + 1))
      for (const value of values) await log.append([{ partition: 0, value }])
      const assignment = await only(log)
      const { records } = await assignment.read(0, everything)
      assert.deepEqual(
        records.map(({ value }) => value),
        values,
      )
      await log.close()
    })

    law('reading goes on over hours, while records are being appended', async (dir, clock) => {
      const log = await open({ dir, clock, partitions: 1 })
      const assignment = await only(log)
      const got: string[] = []
      const reading = (async () => {
        for (let from = 0; got.length < 200; ) {
          const { records } = await assignment.read(from, { records: 7, bytes: 1e6, waitMs: 5000 })
          for (const { position, value } of records) {
            assert.equal(position, from)
            from = position + 1
            got.push(value.toString())
          }
        }
      })()
      for (let index = 0; index < 200; index++) {
        await log.append(toPartition(0, `${index}`))
        if (index % 10 === 0) clock.advance(hourMs)
      }
      await reading
      assert.deepEqual(
        got,
        Array.from({ length: 200 }, (_, index) => `${index}`),
      )
      await log.close()
    })

    ownClockLaw(
      '72 h + 2 h after it was appended a record’s bytes are in no file, though nothing else was appended',
      async (dir, clock) => {
        const log = await open({ dir, clock, partitions: 2 })
        await log.append([...toPartition(0, 'CANARY-0'), ...toPartition(1, 'CANARY-1')])
        const reading = await only(log)
        assert.deepEqual(await readTexts(reading), ['CANARY-0'])
        clock.advance(retentionMs - 1)
        assert.equal(await log.expire(), 0)
        assert.equal((await filesHolding(dir, 'CANARY-')).length, 2)
        const bytes = await log.bytes()
        clock.advance(2 * hourMs + 1)
        assert.equal(await log.expire(), bytes)
        assert.deepEqual(await filesHolding(dir, 'CANARY-'), [])
        assert.equal(await log.bytes(), 0)
        assert.deepEqual(await readTexts(reading), [])
        assert.equal(await log.expire(), 0)
        await log.close()
      },
    )

    law('positions are not used again after everything expired and a restart', async (dir, clock) => {
      const log = await open({ dir, clock, partitions: 1 })
      await log.append(toPartition(0, 'a', 'b', 'c'))
      clock.advance(retentionMs + 2 * hourMs)
      await log.expire()
      await server?.removeBefore(dir, 0, 3)
      await log.close()
      const again = await open({ dir, clock, partitions: 1 })
      const assignment = await only(again)
      assert.deepEqual(await assignment.committed(), { position: 3, metadata: '' })
      assert.equal((await again.append(toPartition(0, 'd')))[0]?.position, 3)
      const { records, end } = await assignment.read(0, everything)
      assert.deepEqual([records.map(({ position }) => position), end], [[3], 4])
      await again.close()
    })

    law(
      'younger hours stay when an older one expires, and a waiting read does not spin over what is gone',
      async (dir, clock) => {
        const log = await open({ dir, clock, partitions: 1 })
        await log.append(toPartition(0, 'old'))
        clock.advance(10 * hourMs)
        await log.append(toPartition(0, 'young'))
        clock.advance(retentionMs - 8 * hourMs)
        const expired = await log.expire()
        assert.ok(server ? expired === 0 : expired > 0)
        await server?.removeBefore(dir, 0, 1)
        const assignment = await only(log)
        assert.deepEqual(await assignment.committed(), { position: 1, metadata: '' })
        assert.deepEqual(await readTexts(assignment), ['young'])
        clock.advance(20 * hourMs)
        await log.expire()
        await server?.removeBefore(dir, 0, 2)
        assert.deepEqual(await assignment.read(0, { ...everything, waitMs: 30 }), { records: [], end: 2 })
        await log.close()
      },
    )

    law('too many bytes waiting are refused, and the log takes more once they are durable', async (dir, clock) => {
      const log = await open({ dir, clock, partitions: 1, pendingBytesMax: 1000 })
      const value = Buffer.alloc(400)
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => log.append([{ partition: 0, value }])))
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'rejected'],
      )
      assert.ok((outcomes[2] as PromiseRejectedResult).reason instanceof LogUnavailableError)
      assert.equal((await log.append([{ partition: 0, value }]))[0]?.position, 2)
      await log.close()
    })

    law('close waits for running appends and refuses later calls', async (dir, clock) => {
      const log = await open({ dir, clock, partitions: 1 })
      const assignment = await only(log)
      const running = log.append(toPartition(0, 'last'))
      await log.close()
      assert.equal((await running)[0]?.position, 0)
      await assert.rejects(log.append(toPartition(0, 'too late')))
      await assert.rejects(assignment.commit(0, ''), StaleAssignmentError)
      const again = await open({ dir, clock, partitions: 1 })
      assert.deepEqual(await readTexts(await only(again)), ['last'])
      await again.close()
    })

    law('a log keeps its id, and has as many partitions as it was made with', async (dir, clock) => {
      const log = await open({ dir, clock, partitions: 3 })
      await log.close()
      const again = await open({ dir, clock, partitions: 5 })
      assert.deepEqual([again.logId, again.partitions], [log.logId, 3])
      await assert.rejects(again.append(toPartition(3, 'x')))
      await again.close()
      await withTemporaryDirectory(async (other) => {
        const another = await open({ dir: other, clock })
        assert.notEqual(another.logId, log.logId)
        await another.close()
      })
    })
  })
}
