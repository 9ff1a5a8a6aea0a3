/** Choices with three copies: what was acknowledged is known to everybody who catches up, whoever leads. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { KafkaCluster } from '../../../infra/services/kafka.ts'
import { openKafkaChoiceLog } from '../../../shared/choices/kafka.ts'
import { parseKafkaUrl } from '../../../shared/eventlog/kafka-url.ts'
import { choiceKey, choose, subjectOf } from '../../contract/choice-log.ts'
import { withAdmin } from '../../fixtures/kafka.ts'

/** @param kafka three brokers */
export function choicesOnThreeBrokers(kafka: KafkaCluster): void {
  it('goes on when the leader is killed, and catching up has everything that had been acknowledged', async () => {
    const address = parseKafkaUrl(`kafka://${kafka.bootstrap.join(',')}/led`)
    const fatal: unknown[] = []
    const open = () =>
      openKafkaChoiceLog({
        ...{ address, choiceKey, timeoutMs: 60_000, warn: () => undefined },
        onFatal: (error) => void fatal.push(error),
      })
    const logs = [open(), open()]
    let chosen = 0
    const chooseAndLook = async (times: number) => {
      for (let time = 0; time < times; time++) {
        const device = subjectOf('device', `device ${chosen++}`)
        const [one, other] = [logs[time % 2]!, logs[(time + 1) % 2]!]
        await one.append(choose('opt-out', device))
        await other.catchUp()
        assert.equal(other.choices.countedFrom(device), Number.POSITIVE_INFINITY, `device ${chosen - 1}`)
      }
    }
    await chooseAndLook(10)
    const { topics } = await withAdmin(kafka, (admin) => admin.fetchTopicMetadata({ topics: ['led-choices'] }))
    const [partition] = topics[0]!.partitions
    assert.equal(partition?.replicas.length, 3)
    const leader = kafka.nodes.find(({ id }) => id === partition?.leader)!
    await leader.kill('SIGKILL')
    await chooseAndLook(10)
    await leader.start()
    await chooseAndLook(10)
    assert.equal(logs[0]!.choices.size, chosen)
    const later = open()
    await later.catchUp()
    assert.equal(later.choices.size, chosen)
    assert.deepEqual(fatal, [])
    for (const log of [...logs, later]) await log.close()
  })
}
