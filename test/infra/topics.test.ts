import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ITopicConfig } from 'kafkajs'
import {
  choicesTopic,
  ensureTopics,
  eventsTopic,
  replicationOf,
  TopicDifferenceError,
  untilLed,
} from '../../infra/topics.ts'
import { type Admin, kafkaForTests, withAdmin } from '../fixtures/kafka.ts'

const kafka = await kafkaForTests()
const topicType = 2

/** As somebody makes it by hand. */
async function makeTopic(admin: Admin, topic: ITopicConfig): Promise<void> {
  await admin.createTopics({ topics: [topic], waitForLeaders: false })
  await untilLed(admin, topic.topic)
}

if (kafka)
  describe('the topics declared in code', () => {
    it('are made when they are missing, as declared, and found as declared by every later start', async () => {
      await withAdmin(kafka, async (admin) => {
        const declared = [eventsTopic('made', 3, 1), choicesTopic('made', 1)]
        await ensureTopics(admin, declared)
        await ensureTopics(admin, declared)
        const { topics } = await admin.fetchTopicMetadata({ topics: ['made-events', 'made-choices'] })
        assert.deepEqual(topics.map(({ name, partitions }) => [name, partitions.length]).sort(), [
          ['made-choices', 1],
          ['made-events', 3],
        ])
        const resources = [{ type: topicType, name: 'made-events', configNames: ['retention.ms', 'segment.ms'] }]
        const { resources: found } = await admin.describeConfigs({ resources, includeSynonyms: false })
        const values = found[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue])
        assert.deepEqual(Object.fromEntries(values), { 'retention.ms': '259200000', 'segment.ms': '3600000' })
      })
    })

    it('take as many copies as there are brokers up to three, unless a number is asked for', async () => {
      await withAdmin(kafka, async (admin) => {
        assert.equal(await replicationOf(admin, undefined), 1)
        assert.equal(await replicationOf(admin, 2), 2)
      })
      assert.equal(eventsTopic('x', 1, 3).configs['min.insync.replicas'], '2')
      assert.equal(eventsTopic('x', 1, 1).configs['flush.messages'], '1')
    })

    it('stop the start when they are not as declared, naming each setting, what was found and how to mend it', async () => {
      await withAdmin(kafka, async (admin) => {
        const configEntries = [
          { name: 'retention.ms', value: '604800000' },
          { name: 'message.timestamp.type', value: 'CreateTime' },
        ]
        await makeTopic(admin, { topic: 'odd-events', numPartitions: 2, replicationFactor: 1, configEntries })
        await assert.rejects(ensureTopics(admin, [eventsTopic('odd', 4, 2)]), (error: Error) => {
          assert.ok(error instanceof TopicDifferenceError)
          for (const part of [
            /odd-events: partitions should be 4 and is 2; .*kafka-topics.sh --alter --topic odd-events --partitions 4/,
            /odd-events: replication should be 2 and is 1/,
            /retention.ms should be 259200000 and is 604800000; .*--add-config retention.ms=259200000/,
            /message.timestamp.type should be LogAppendTime and is CreateTime/,
            /segment.ms should be 3600000 and is 604800000/,
          ])
            assert.match(error.message, part)
          assert.doesNotMatch(error.message, /cleanup.policy/)
          return true
        })
      })
    })

    it('are waited for when the broker that is asked next has not heard of them, and no other error is', async () => {
      await withAdmin(kafka, async (admin) => {
        const declared = eventsTopic('late', 2, 1)
        let asked = 0
        const answering = (type: string): typeof admin => ({
          ...admin,
          fetchTopicMetadata: (options) => {
            if (++asked % 2 === 0) return Promise.reject(Object.assign(new Error(type), { type }))
            return admin.fetchTopicMetadata(options)
          },
        })
        await ensureTopics(answering('UNKNOWN_TOPIC_OR_PARTITION'), [declared])
        assert.ok(asked >= 3, `asked ${asked} times`)
        asked = 1
        const refused = ensureTopics(answering('TOPIC_AUTHORIZATION_FAILED'), [declared])
        await assert.rejects(refused, { type: 'TOPIC_AUTHORIZATION_FAILED' })
      })
    })

    it('may have more partitions, a shorter retention and larger records than declared', async () => {
      await withAdmin(kafka, async (admin) => {
        const declared = eventsTopic('more', 2, 1)
        const stricter = { ...declared.configs, 'retention.ms': '3600000', 'max.message.bytes': '20000000' }
        const configEntries = Object.entries(stricter).map(([name, value]) => ({ name, value }))
        await makeTopic(admin, { topic: 'more-events', numPartitions: 5, replicationFactor: 1, configEntries })
        await ensureTopics(admin, [declared])
      })
    })
  })
