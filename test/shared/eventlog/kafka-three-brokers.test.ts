/** Three brokers, three copies of each record, two that must have it: what goes on when one of them is away. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Assignment } from '../../../shared/eventlog/port.ts'
import { assignments, readTexts, toPartition } from '../../contract/event-log.ts'
import { kafkaForTests, openKafkaLog, prefixOf, withAdmin } from '../../fixtures/kafka.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { choicesOnThreeBrokers } from '../choices/kafka-three-brokers.ts'

const kafka = await kafkaForTests({ brokers: 3, heapMegabytes: 256 })

if (kafka) {
  choicesOnThreeBrokers(kafka)
  describe('the event log in Kafka on three brokers', () => {
    it('keeps three copies, of which two must have a record before it counts', async () => {
      await withTemporaryDirectory(async (dir) => {
        const log = await openKafkaLog(kafka, { dir, partitions: 3 })
        const topic = `${prefixOf(dir)}-events`
        const { topics } = await withAdmin(kafka, (admin) => admin.fetchTopicMetadata({ topics: [topic] }))
        for (const { replicas } of topics[0]!.partitions) assert.equal(replicas.length, 3)
        const resources = [{ type: 2, name: topic, configNames: ['min.insync.replicas'] }]
        const found = await withAdmin(kafka, (admin) => admin.describeConfigs({ resources, includeSynonyms: false }))
        assert.equal(found.resources[0]?.configEntries[0]?.configValue, '2')
        await log.close()
      })
    })

    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      it(`goes on appending, reading and committing with one broker down (${signal}), and has every record`, async () => {
        await withTemporaryDirectory(async (dir) => {
          const log = await openKafkaLog(kafka, {
            dir,
            partitions: 3,
            appendTimeoutMs: 60_000,
            sessionTimeoutMs: 20_000,
          })
          const told = new Map<number, string[]>([0, 1, 2].map((partition) => [partition, []]))
          const append = async (text: string) => {
            for (const partition of told.keys()) {
              const [at] = await log.append(toPartition(partition, text))
              told.get(partition)![at!.position] = text
            }
          }
          for (let index = 0; index < 20; index++) await append(`before ${index}`)
          const down = kafka.nodes[1]!
          await down.kill(signal)
          try {
            for (let index = 0; index < 20; index++) await append(`while ${index}`)
            const held = await assignments(log)
            assert.equal(held.length, 3)
            for (const assignment of held) {
              await check(assignment, told.get(assignment.partition)!)
              await assignment.commit(40, 'while one was down')
            }
          } finally {
            if (signal === 'SIGSTOP') await down.kill('SIGCONT')
            else await down.start()
          }
          for (let index = 0; index < 20; index++) await append(`after ${index}`)
          const held = await assignments(log)
          for (const assignment of held) {
            assert.deepEqual(await assignment.committed(), { position: 40, metadata: 'while one was down' })
            await check(assignment, told.get(assignment.partition)!)
          }
          await log.close()
        })
      })
    }
  })
}

/** A record may be there twice, where Kafka took it and the answer was lost; never not at all. */
async function check(assignment: Assignment, told: readonly string[]): Promise<void> {
  const texts = await readTexts(assignment)
  for (const [position, text] of told.entries()) if (text !== undefined) assert.equal(texts[position], text)
  assert.deepEqual(new Set(texts), new Set(told.filter((text) => text !== undefined)))
}
