/** Workers that come and go at random: every record is committed by exactly one of them, in order, and nobody waits long. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Assignment, type EventLog, StaleAssignmentError } from '../../../shared/eventlog/port.ts'
import { toPartition } from '../../contract/event-log.ts'
import { kafkaForTests, openKafkaLog } from '../../fixtures/kafka.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'

const partitions = 5
const runMs = 12_000
const workersMax = 3
/** Much longer than a hand-over takes, much shorter than the minute the broker would wait for a member that is none. */
const idleMsMax = 8000

const kafka = await kafkaForTests()

interface Committed {
  from: number
  to: number
  epoch: number
  /** The holder was told; else it was told that it is stale, and the commit may have been made or not. */
  isSure: boolean
}

/** Takes partitions, commits small batches of them, and lets go of them when it is told to. */
class SmallWorker {
  readonly log: EventLog
  readonly #committed: Committed[][]
  readonly #running = new Map<number, { stop: boolean; done: Promise<void> }>()

  constructor(log: EventLog, committed: Committed[][]) {
    this.log = log
    this.#committed = committed
  }

  start(): Promise<void> {
    return this.log.subscribe({
      assigned: (assignment) => {
        const before = this.#running.get(assignment.partition)
        if (before) before.stop = true
        const held = { stop: false, done: Promise.resolve() }
        this.#running.set(assignment.partition, held)
        held.done = (before?.done ?? Promise.resolve()).then(() => this.#consume(assignment, held))
      },
      revoked: (partition) => this.#leave(partition),
    })
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((partition) => this.#leave(partition)))
    await this.log.close()
  }

  async #leave(partition: number): Promise<void> {
    const held = this.#running.get(partition)
    if (held) held.stop = true
    await held?.done
  }

  async #consume(assignment: Assignment, held: { stop: boolean }): Promise<void> {
    try {
      let { position } = await assignment.committed()
      while (!held.stop) {
        const { records } = await assignment.read(position, { records: 10, bytes: 1e6, waitMs: 50 })
        if (records.length === 0) continue
        const to = records.at(-1)!.position + 1
        const commit = { from: position, to, epoch: assignment.epoch, isSure: false }
        this.#committed[assignment.partition]!.push(commit)
        await assignment.commit(to, '')
        commit.isSure = true
        position = to
      }
    } catch (error) {
      if (!(error instanceof StaleAssignmentError)) throw error
    }
  }
}

if (kafka)
  describe('workers of a Kafka event log that come and go', () => {
    it('commit every record once and in order, with epochs that only grow, and without long pauses', async () => {
      await withTemporaryDirectory(async (dir) => {
        const committed: Committed[][] = Array.from({ length: partitions }, () => [])
        const sender = await openKafkaLog(kafka, { dir, partitions })
        const open = async () => {
          const worker = new SmallWorker(await openKafkaLog(kafka, { dir, partitions }), committed)
          await worker.start()
          return worker
        }
        const workers = [await open()]
        const opening: Promise<void>[] = []
        const stopping: (Promise<void> | undefined)[] = []
        const total = () => committed.reduce((sum, one) => sum + Math.max(0, ...one.map(({ to }) => to)), 0)
        let sent = 0
        let longestMs = 0
        let lastAt = performance.now()
        let lastTotal = 0
        let next = lastAt + 500
        for (const over = lastAt + runMs; performance.now() < over; ) {
          await sender.append([0, 1, 2, 3, 4].flatMap((partition) => toPartition(partition, `${sent}`)))
          sent += partitions
          await new Promise((resolve) => setTimeout(resolve, 5))
          if (total() > lastTotal) {
            longestMs = Math.max(longestMs, performance.now() - lastAt)
            lastAt = performance.now()
            lastTotal = total()
          }
          if (performance.now() < next) continue
          next = performance.now() + 300 + Math.random() * 700
          if (workers.length < workersMax && (workers.length === 1 || Math.random() < 0.5)) {
            // Not awaited: others come and go while it joins.
            opening.push(open().then((worker) => void workers.push(worker)))
          } else stopping.push(workers.splice(Math.floor(Math.random() * workers.length), 1)[0]?.stop())
        }
        await Promise.all(opening)
        await Promise.all(stopping)
        if (workers.length === 0) workers.push(await open())
        for (const deadline = performance.now() + idleMsMax; total() < sent && performance.now() < deadline; )
          await new Promise((resolve) => setTimeout(resolve, 50))
        await Promise.all(workers.map((worker) => worker.stop()))
        await sender.close()
        for (const ofPartition of committed) {
          const sure = ofPartition.filter(({ isSure }) => isSure).sort((a, b) => a.from - b.from)
          const unsure = new Map(ofPartition.filter(({ isSure }) => !isSure).map((one) => [one.from, one]))
          let at = 0
          let epoch = 0
          for (const one of sure) {
            // A gap is what a holder committed whose answer did not come in time, and nothing else.
            while (at < one.from && unsure.has(at)) at = unsure.get(at)!.to
            assert.equal(one.from, at)
            assert.ok(one.epoch >= epoch)
            at = one.to
            epoch = one.epoch
          }
          while (at < sent / partitions && unsure.has(at)) at = unsure.get(at)!.to
          assert.equal(at, sent / partitions)
        }
        const generations = new Set(committed.flat().map(({ epoch }) => epoch))
        assert.ok(generations.size >= 5, `only ${generations.size} generations committed anything`)
        assert.ok(longestMs < idleMsMax, `nothing was committed for ${longestMs} ms`)
      })
    })
  })
