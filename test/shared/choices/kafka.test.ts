/** The choice log while Kafka is away, comes back, or has lost what it had. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { choicesTopic } from '../../../infra/topics.ts'
import { openKafkaChoiceLog } from '../../../shared/choices/kafka.ts'
import { type ChoiceLog, ChoiceLogUnavailableError } from '../../../shared/choices/port.ts'
import { parseKafkaUrl } from '../../../shared/eventlog/kafka-url.ts'
import { isUnavailable } from '../../../shared/unavailable.ts'
import { choiceKey, choose, subjectOf } from '../../contract/choice-log.ts'
import { kafkaClient, kafkaForTests, prefixOf, withAdmin } from '../../fixtures/kafka.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { until } from '../../fixtures/until.ts'

const kafka = await kafkaForTests()
const infinity = Number.POSITIVE_INFINITY

interface Opened {
  readonly log: ChoiceLog
  readonly fatal: Error[]
}

if (kafka)
  describe('the choice log on Kafka', () => {
    const broker = kafka.nodes[0]!
    const opened: ChoiceLog[] = []
    after(() => Promise.all(opened.map((log) => log.close())))
    const open = (dir: string, timeoutMs = 20_000): Opened => {
      const address = parseKafkaUrl(`kafka://${kafka.bootstrap.join(',')}/${prefixOf(dir)}`)
      const fatal: Error[] = []
      const onFatal = (error: unknown) => void fatal.push(error as Error)
      const log = openKafkaChoiceLog({ address, choiceKey, timeoutMs, warn: () => undefined, onFatal })
      opened.push(log)
      return { log, fatal }
    }
    const device = (name: string) => subjectOf('device', name)

    it('opens while Kafka is away, says that nothing is known, and reads it as soon as it is there', () =>
      withTemporaryDirectory(async (dir) => {
        const before = open(dir).log
        await before.append(choose('opt-out', device('early')))
        await broker.kill('SIGKILL')
        const { log } = open(dir, 1000)
        await sleep(1500)
        assert.match(log.readiness(), /^the choices have not been read yet: /)
        for (const asked of [log.catchUp(), log.append(choose('opt-out', device('late')))])
          await assert.rejects(asked, (error) => error instanceof ChoiceLogUnavailableError && isUnavailable(error))
        // Whoever had read it knows what it knew.
        assert.equal(before.readiness(), 'ok')
        assert.equal(before.choices.countedFrom(device('early')), infinity)
        await broker.start()
        await until(() => log.readiness() === 'ok', 60_000)
        assert.equal(log.choices.countedFrom(device('early')), infinity)
        await until(() =>
          log.append(choose('opt-out', device('later'))).then(
            () => true,
            () => false,
          ),
        )
        await before.catchUp()
        assert.equal(before.choices.countedFrom(device('later')), infinity)
      }))

    it('loses nothing that was acknowledged when Kafka is killed in the midst of it, and goes on by itself', () =>
      withTemporaryDirectory(async (dir) => {
        const { log, fatal } = open(dir, 3000)
        const told: string[] = []
        let going = true
        const chooser = async (name: number) => {
          for (let index = 0; going; index++) {
            const one = `${name}-${index}`
            await log.append(choose('opt-out', device(one))).then(
              () => told.push(one),
              (error) => assert.ok(error instanceof ChoiceLogUnavailableError, String(error)),
            )
          }
        }
        const choosers = [0, 1, 2].map(chooser)
        await until(() => told.length > 20)
        await broker.kill('SIGKILL')
        await broker.start()
        const { length } = told
        await until(() => told.length > length + 20, 60_000)
        going = false
        await Promise.all(choosers)
        const { log: later } = open(dir)
        await later.catchUp()
        for (const one of told) assert.equal(later.choices.countedFrom(device(one)), infinity, one)
        assert.deepEqual(fatal, [])
      }))

    const lose = {
      deleted: async (topic: string) => withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] })),
      'made anew': async (topic: string, dir: string) =>
        withAdmin(kafka, async (admin) => {
          await admin.deleteTopics({ topics: [topic] })
          const { configs } = choicesTopic(prefixOf(dir), 1)
          const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
          await until(() =>
            admin
              .createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: false })
              .catch(() => false),
          )
        }),
    }
    for (const [how, doIt] of Object.entries(lose))
      it(`${how}: who still knows the choices writes those by which less is counted again, and ends`, () =>
        withTemporaryDirectory(async (dir) => {
          const { log, fatal } = open(dir)
          await log.append(choose('opt-out', device('out')))
          await log.append(choose('deletion', device('deleted')))
          await log.append(choose('opt-out', device('back')))
          await log.append(choose('opt-in', device('back')))
          await doIt(`${prefixOf(dir)}-choices`, dir)
          await until(() => fatal.length > 0, 60_000)
          assert.match(fatal[0]!.message, /is not the one it was; 2 opt-outs and deletions .* written into it again/)
          await assert.rejects(log.append(choose('opt-out', device('late'))), ChoiceLogUnavailableError)
          const { log: next } = open(dir)
          await next.catchUp()
          assert.equal(next.choices.countedFrom(device('out')), infinity)
          assert.equal(next.choices.history(device('deleted'))[0]?.act, 'deletion')
          assert.equal(next.choices.history(device('back')).length, 0)
        }))

    it('ends when the topic has something in it that it cannot read, rather than pass an opt-out over', () =>
      withTemporaryDirectory(async (dir) => {
        const { log, fatal } = open(dir)
        await log.append(choose('opt-out', device('out')))
        const producer = kafkaClient(kafka).producer()
        await producer.connect()
        const value = JSON.stringify({ format: 2, subject: device('later'), act: 'opt-out' })
        await producer.send({ topic: `${prefixOf(dir)}-choices`, messages: [{ key: 'ab', value }] })
        await producer.disconnect()
        await until(() => fatal.length > 0)
        assert.match(fatal[0]!.message, /cannot be read: it was written by a later version/)
      }))
  })
