/** What the event log's contract does not say and a real Kafka shows: hand-overs, zombies, kills, retention, sign-in. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Assignment, LogUnavailableError, StaleAssignmentError } from '../../../shared/eventlog/port.ts'
import { assignments, readTexts, toPartition } from '../../contract/event-log.ts'
import { kafkaForTests, openKafkaLog, prefixOf, sessionTimeoutMs, withAdmin } from '../../fixtures/kafka.ts'
import { filesHolding } from '../../fixtures/live-folder.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'

const properties = { 'log.retention.check.interval.ms': '300', 'log.initial.task.delay.ms': '300' }
const kafka = await kafkaForTests({ properties })

/** Waits until `check` holds, as only a look can tell. */
async function until(what: string, check: () => boolean | Promise<boolean>, waitMs = 30_000): Promise<void> {
  for (const deadline = Date.now() + waitMs; !(await check()); ) {
    if (Date.now() > deadline) assert.fail(`not within ${waitMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const last = (given: Assignment[], partition: number) => given.filter((one) => one.partition === partition).at(-1)

if (kafka)
  describe('the event log in Kafka', () => {
    it('shares partitions between two workers; the running batch is committed before another has its partition', async () => {
      await withTemporaryDirectory(async (dir) => {
        // Sessions that outlast a slow moment of the machine: partitions move only as is said here.
        const first = await openKafkaLog(kafka, { dir, partitions: 2, sessionTimeoutMs: 10_000 })
        const steps: string[] = []
        const ofFirst: Assignment[] = []
        await first.subscribe({
          assigned: (one) => void ofFirst.push(one),
          revoked: async (partition) => {
            await new Promise((resolve) => setTimeout(resolve, 400))
            await last(ofFirst, partition)?.commit(7 + partition, 'finished')
            steps.push('first has let go')
          },
        })
        await first.append([...toPartition(0, ...'abcdefgh'), ...toPartition(1, ...'abcdefgh')])
        const before = [last(ofFirst, 0)!, last(ofFirst, 1)!]
        const second = await openKafkaLog(kafka, { dir, sessionTimeoutMs: 10_000 })
        const ofSecond = await assignments(second)
        steps.push('second has got one')
        assert.deepEqual(steps, ['first has let go', 'first has let go', 'second has got one'])
        await until('the first worker has its other partition again', () => ofFirst.length === 3)
        const kept = ofFirst[2]!
        assert.deepEqual([kept.partition, ...ofSecond.map(({ partition }) => partition)].sort(), [0, 1])
        for (const one of before) await assert.rejects(one.commit(0, ''), StaleAssignmentError)
        for (const one of [kept, ...ofSecond]) {
          assert.ok(one.epoch > before[one.partition]!.epoch)
          assert.deepEqual(await one.committed(), { position: 7 + one.partition, metadata: 'finished' })
        }
        await second.close()
        await until('the first worker has both again', () => ofFirst.length === 5)
        assert.ok(last(ofFirst, ofSecond[0]!.partition)!.epoch > ofSecond[0]!.epoch)
        await first.close()
      })
    })

    for (const [sight, what, outcome] of [
      ['sighted', 'notices itself that its session is over', /^StaleAssignmentError: /],
      ['blind', 'is refused by the broker', /^StaleAssignmentError: .*(UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION)/],
    ] as const) {
      it(`a worker that was stopped for longer than its session cannot commit: it ${what}`, async () => {
        await withTemporaryDirectory(async (dir) => {
          const log = await openKafkaLog(kafka, { dir })
          await log.append(toPartition(0, ...'abcdef'))
          const script = fileURLToPath(new URL('./commit-when-told.ts', import.meta.url))
          const args = ['--import', 'tsx', script, kafka.bootstrap.join(','), prefixOf(dir), sight]
          const zombie = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
          try {
            const lines = createInterface({ input: zombie.stdout })[Symbol.asyncIterator]()
            assert.equal((await lines.next()).value, 'assigned')
            zombie.stdin.write('1\n')
            assert.equal((await lines.next()).value, 'committed')
            zombie.kill('SIGSTOP')
            const [taken] = (await assignments(log)) as [Assignment]
            assert.deepEqual(await taken.committed(), { position: 1, metadata: 'of the zombie' })
            await taken.commit(4, 'of its heir')
            zombie.stdin.write('2\n')
            zombie.kill('SIGCONT')
            assert.match((await lines.next()).value, outcome)
            // By now the zombie may have joined again, which hands the partition over once more.
            const [after] = (await assignments(log)) as [Assignment]
            if (after) assert.deepEqual(await after.committed(), { position: 4, metadata: 'of its heir' })
          } finally {
            zombie.kill('SIGKILL')
            await once(zombie, 'exit')
          }
          await log.close()
        })
      })
    }

    it('a worker cut off from Kafka for a whole session holds nothing, and gets its partition back with a new epoch', async () => {
      await withTemporaryDirectory(async (dir) => {
        const log = await openKafkaLog(kafka, { dir, sessionTimeoutMs })
        const given: Assignment[] = []
        await log.subscribe({ assigned: (one) => void given.push(one), revoked: async () => undefined })
        const waiting = assert.rejects(
          given[0]!.read(0, { records: 1, bytes: 1, waitMs: 60_000 }),
          StaleAssignmentError,
        )
        await kafka.nodes[0]!.kill('SIGSTOP')
        try {
          await until('the assignment is given up', () => !given[0]!.isCurrent(), sessionTimeoutMs + 2000)
          await assert.rejects(given[0]!.commit(0, ''), StaleAssignmentError)
          await waiting
        } finally {
          await kafka.nodes[0]!.kill('SIGCONT')
        }
        await until('the partition is back', () => given.length > 1)
        assert.ok(given[1]!.epoch > given[0]!.epoch)
        await given.at(-1)!.commit(0, 'works')
        await log.close()
      })
    })

    it('an append that Kafka does not answer fails within its time', async () => {
      await withTemporaryDirectory(async (dir) => {
        const log = await openKafkaLog(kafka, { dir, appendTimeoutMs: 1200 })
        await log.append(toPartition(0, 'before'))
        await kafka.nodes[0]!.kill('SIGSTOP')
        const began = performance.now()
        let tookMs = 0
        try {
          await assert.rejects(log.append(toPartition(0, 'unheard')), LogUnavailableError)
          tookMs = performance.now() - began
        } finally {
          await kafka.nodes[0]!.kill('SIGCONT')
        }
        assert.ok(tookMs < 2000, `${tookMs} ms`)
        await until('appends work again', () =>
          log.append(toPartition(0, 'after')).then(
            () => true,
            () => false,
          ),
        )
        await log.close()
      })
    })

    it('every acknowledged record is at its position after the broker was killed in the middle and started again', async () => {
      await withTemporaryDirectory(async (dir) => {
        const log = await openKafkaLog(kafka, { dir, partitions: 3, appendTimeoutMs: 60_000 })
        const told = new Map<string, string>()
        let stop = false
        const sender = async (name: string) => {
          for (let index = 0; !stop; index++) {
            const text = `${name} ${index}`
            const [at] = await log.append(toPartition(index % 3, text))
            told.set(`${at!.partition}/${at!.position}`, text)
          }
        }
        const sending = Promise.all(['a', 'b', 'c', 'd'].map(sender))
        await until('records are acknowledged', () => told.size > 300)
        await kafka.nodes[0]!.kill('SIGKILL')
        const toldBefore = told.size
        await kafka.nodes[0]!.start()
        await until('records are acknowledged again', () => told.size > toldBefore + 300)
        stop = true
        await sending
        const found = new Map<string, string>()
        for (const assignment of await assignments(log)) {
          const { records, end } = await assignment.read(0, { records: 1e6, bytes: 1e9, waitMs: 0 })
          assert.equal(records.length, end)
          for (const { position, value } of records) found.set(`${assignment.partition}/${position}`, value.toString())
        }
        for (const [at, text] of told) assert.equal(found.get(at), text)
        await log.close()
      })
    })

    it('a topic that is deleted and made anew has another id, ends the process, and nothing of it is skipped', async () => {
      await withTemporaryDirectory(async (dir) => {
        const fatal: Error[] = []
        const log = await openKafkaLog(kafka, { dir, onFatal: (error) => void fatal.push(error) })
        await log.append(toPartition(0, 'a', 'b', 'c'))
        const [assignment] = (await assignments(log)) as [Assignment]
        await assignment.commit(3, '')
        const reading = assert.rejects(assignment.read(3, { records: 1, bytes: 1, waitMs: 60_000 }))
        await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [`${prefixOf(dir)}-events`] }))
        const again = await openKafkaLog(kafka, { dir })
        assert.notEqual(again.logId, log.logId)
        await until('the first log has noticed', () => fatal.length > 0)
        assert.match(fatal[0]!.message, /made anew|is gone/)
        await reading
        await again.append(toPartition(0, 'x', 'y'))
        const [anew] = (await assignments(again)) as [Assignment]
        assert.deepEqual(await anew.committed(), { position: 0, metadata: '' })
        assert.deepEqual(await readTexts(anew), ['x', 'y'])
        await log.close()
        await again.close()
      })
    })

    it('new partitions are consumed at once and take new records from the next UTC midnight on', async () => {
      await withTemporaryDirectory(async (dir) => {
        const clock = { now: () => now }
        let now = Date.parse('2026-11-24T18:00:00Z')
        const log = await openKafkaLog(kafka, { dir, clock })
        const given: Assignment[] = []
        await log.subscribe({ assigned: (one) => void given.push(one), revoked: async () => undefined })
        const topicPartitions = [{ topic: `${prefixOf(dir)}-events`, count: 3 }]
        await withAdmin(kafka, (admin) => admin.createPartitions({ topicPartitions }))
        // One that starts now, and one that starts when the others know: all spread records alike, the whole day.
        const justAfter = await openKafkaLog(kafka, { dir, clock })
        assert.equal(justAfter.partitions, 1)
        await until('the new ones are assigned', () => given.some(({ partition }) => partition === 2))
        const later = await openKafkaLog(kafka, { dir, clock })
        for (const one of [log, justAfter, later]) assert.equal(one.partitions, 1)
        now = Date.parse('2026-11-24T23:59:59.999Z')
        for (const one of [log, justAfter, later]) assert.equal(one.partitions, 1)
        now = Date.parse('2026-11-25T00:00:00Z')
        for (const one of [log, justAfter, later]) assert.equal(one.partitions, 3)
        await justAfter.close()
        await later.close()
        const tomorrow = await openKafkaLog(kafka, { dir, clock })
        assert.equal(tomorrow.partitions, 3)
        await tomorrow.close()
        assert.equal((await log.append(toPartition(2, 'x')))[0]?.position, 0)
        await log.close()
      })
    })

    it('Kafka’s retention takes the bytes of an idle partition off the disk; those within their time stay', async () => {
      await withTemporaryDirectory(async (dir) => {
        const log = await openKafkaLog(kafka, { dir })
        const within = await openKafkaLog(kafka, { dir: `${dir}-within` })
        const canary = `CANARY-${prefixOf(dir)}`
        const other = `CANARY-${prefixOf(`${dir}-within`)}`
        await log.append(toPartition(0, canary))
        await within.append(toPartition(0, other))
        const { dataDir } = kafka.nodes[0]!
        assert.equal((await filesHolding(dataDir, canary)).length, 1)
        assert.ok((await log.bytes()) > 0)
        const name = `${prefixOf(dir)}-events`
        const configEntries = [
          { name: 'retention.ms', value: '500' },
          { name: 'file.delete.delay.ms', value: '100' },
          { name: 'message.timestamp.type', value: 'LogAppendTime' },
        ]
        await withAdmin(kafka, (admin) =>
          admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name, configEntries }] }),
        )
        await until('the bytes are gone', async () => (await filesHolding(dataDir, canary)).length === 0)
        assert.equal((await filesHolding(dataDir, other)).length, 1)
        await within.close()
        const [assignment] = (await assignments(log)) as [Assignment]
        assert.deepEqual(await assignment.committed(), { position: 1, metadata: '' })
        assert.equal(await log.bytes(), 0)
        await log.close()
      })
    })
  })
