/** The contract of the choice log on a real Kafka broker, and what only a log has that several processes share. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { choicesTopic } from '../../infra/topics.ts'
import { openKafkaChoiceLog } from '../../shared/choices/kafka.ts'
import { ChoiceTopic } from '../../shared/choices/kafka-topic.ts'
import { ChoiceKeyError, type ChoiceLog } from '../../shared/choices/port.ts'
import { choiceKeyFrom } from '../../shared/choices/subject.ts'
import { parseKafkaUrl } from '../../shared/eventlog/kafka-url.ts'
import { kafkaForTests, prefixOf, withAdmin } from '../fixtures/kafka.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'
import { until } from '../fixtures/until.ts'
import { choiceKey, choiceLogContract, choose, historiesOf, subjectOf } from './choice-log.ts'

/** So that segments end and are compacted while a test waits. */
const segmentMs = 1000
const properties = { 'log.cleaner.backoff.ms': '200' }
const kafka = await kafkaForTests({ properties })
const topicType = 2

if (kafka) {
  const urlOf = (dir: string) => `kafka://${kafka.bootstrap.join(',')}/${prefixOf(dir)}`
  const addressOf = (dir: string) => parseKafkaUrl(urlOf(dir))

  /** Rejects with the fatal error, should there be one before the log has been read. */
  const open = async (dir: string, key = choiceKey): Promise<ChoiceLog> => {
    let fail: (error: unknown) => void = () => undefined
    const failed = new Promise<never>((_, reject) => {
      fail = reject
    })
    failed.catch(() => undefined)
    const options = { address: addressOf(dir), choiceKey: key, timeoutMs: 20_000, rollMs: segmentMs }
    const log = openKafkaChoiceLog({ ...options, warn: () => undefined, onFatal: (error) => fail(error) })
    await Promise.race([log.catchUp(), failed]).catch(async (error) => {
      await log.close()
      throw error
    })
    return log
  }

  choiceLogContract('Kafka', {
    open,
    arguments: (dir) => [urlOf(dir)],
    files: (dir) => path.join(kafka.nodes[0]!.dataDir, `${prefixOf(dir)}-choices-0`),
    async compacted(dir) {
      // Kafka forgets every setting that is not named again.
      const shorter = { 'segment.ms': String(segmentMs), 'file.delete.delay.ms': '100' }
      const configs = { ...choicesTopic(prefixOf(dir), 1).configs, ...shorter }
      const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
      const resources = [{ type: topicType, name: `${prefixOf(dir)}-choices`, configEntries }]
      await withAdmin(kafka, (admin) => admin.alterConfigs({ validateOnly: false, resources }))
    },
    async fill(dir, count) {
      await (await open(dir)).close()
      const topic = await ChoiceTopic.open({ address: addressOf(dir), timeoutMs: 20_000 })
      const records = Array.from({ length: count }, (_, index) => {
        const id = index.toString(16).padStart(16, '0')
        return { kind: 'choice', choice: { ...choose('opt-out', subjectOf('device', String(index))), id } } as const
      })
      await topic.append(records)
      await topic.close()
    },
  })

  describe('several processes with the choices of one topic', () => {
    const subject = subjectOf('device', 'somebody')
    const withLogs = (count: number, use: (logs: ChoiceLog[], dir: string) => Promise<void>) =>
      withTemporaryDirectory(async (dir) => {
        const logs = await Promise.all(Array.from({ length: count }, () => open(dir)))
        try {
          await use(logs, dir)
        } finally {
          for (const log of logs) await log.close()
        }
      })

    it('catching up has everything that had been acknowledged before, in whichever process', () =>
      withLogs(3, async (logs) => {
        for (let index = 0; index < 60; index++) {
          const one = subjectOf('device', `device ${index}`)
          await logs[index % 3]!.append(choose('opt-out', one))
          const asking = logs[(index + 1) % 3]!
          await asking.catchUp()
          assert.equal(asking.choices.countedFrom(one), Number.POSITIVE_INFINITY, `device ${index}`)
        }
      }))

    it('without being asked, a choice is everywhere within a second', () =>
      withLogs(3, async ([first, ...others]) => {
        const waits: number[] = []
        for (let index = 0; index < 20; index++) {
          // Idle for a moment: then the others wait at the broker for the next record.
          await sleep(index * 10)
          const one = subjectOf('device', `device ${index}`)
          await first!.append(choose('opt-out', one))
          const began = performance.now()
          await until(() => others.every(({ choices }) => choices.countedFrom(one) === Number.POSITIVE_INFINITY), 5000)
          waits.push(performance.now() - began)
        }
        assert.ok(Math.max(...waits) < 1000, `${Math.max(...waits)} ms`)
      }))

    it('every fold has the same order, whoever appended', () =>
      withLogs(3, async (logs, dir) => {
        const subjects = Array.from({ length: 5 }, (_, index) => subjectOf('device', `device ${index}`))
        const acts = ['opt-out', 'deletion', 'opt-in'] as const
        const append = (index: number) => logs[index % 3]!.append(choose(acts[index % 3]!, subjects[index % 5]!))
        await Promise.all(Array.from({ length: 90 }, (_, index) => append(index)))
        await Promise.all(logs.map((log) => log.catchUp()))
        const later = await open(dir)
        const [first, ...others] = [...logs, later].map((log) => historiesOf(log, subjects))
        for (const one of others) assert.deepEqual(one, first)
        await later.close()
      }))

    it('an opt-in does not undo an opt-out that another process has just taken', () =>
      withLogs(2, async ([first, second]) => {
        const weak = { ...choose('opt-in', subject), by: 'sender' } as const
        for (let index = 0; index < 10; index++) {
          const one = subjectOf('device', `device ${index}`)
          await Promise.all([
            first!.append({ ...choose('opt-out', one), by: 'operator' }),
            second!.append({ ...weak, subject: one }),
          ])
          for (const log of [first!, second!]) {
            await log.catchUp()
            assert.equal(log.choices.countedFrom(one), Number.POSITIVE_INFINITY)
          }
          await second!.append({ ...weak, subject: one })
          assert.ok(second!.choices.countedFrom(one) < Number.POSITIVE_INFINITY, 'the control: it had seen it')
        }
      }))

    it('a topic begun by two processes at once has one key, and the other is refused, then and later', () =>
      withTemporaryDirectory(async (dir) => {
        const keys = [choiceKey, choiceKeyFrom('another secret')]
        const results = await Promise.allSettled([...keys, ...keys].map((key) => open(dir, key)))
        const logs = results.map((one) => (one.status === 'fulfilled' ? one.value : undefined))
        const refused = results.filter((one) => one.status === 'rejected').map(({ reason }) => reason)
        assert.ok(
          refused.every((reason) => reason instanceof ChoiceKeyError),
          String(refused),
        )
        // Both processes of the one key, and neither of the other.
        const winner = logs[0] ? 0 : 1
        assert.deepEqual(
          logs.map((log) => log !== undefined),
          [winner === 0, winner === 1, winner === 0, winner === 1],
        )
        for (const log of logs) await log?.close()
        await assert.rejects(open(dir, keys[1 - winner]), ChoiceKeyError)
        await (await open(dir, keys[winner])).close()
      }))
  })
}
