/** The event log's contract on a real Kafka broker. */
import { kafkaForTests, openKafkaLog, prefixOf, withAdmin } from '../fixtures/kafka.ts'
import { eventLogContract } from './event-log.ts'

const kafka = await kafkaForTests()

if (kafka) {
  eventLogContract('Kafka', (options) => openKafkaLog(kafka, options), {
    removeBefore: (dir, partition, position) =>
      withAdmin(kafka, async (admin) => {
        const topic = `${prefixOf(dir)}-events`
        // kafkajs 2.2.4 deletes records of topics only that it has looked up before.
        await admin.fetchTopicOffsets(topic)
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(position) }] })
      }),
  })
}
