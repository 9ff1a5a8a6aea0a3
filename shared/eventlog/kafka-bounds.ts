/** Where a partition begins and ends now, by its leader. */
import type { KafkaCluster } from './kafka-cluster.ts'

const requestMs = 5000
const earliest = -2
const latest = -1
const purpose = 'bounds'

export interface Bounds {
  /** The first position that is still there. */
  start: number
  /** The position after the last one. */
  end: number
}

export async function readBounds(cluster: KafkaCluster, topic: string, partition: number): Promise<Bounds> {
  const leader = cluster.leaderOf(partition)
  if (leader === undefined) throw new Error(`partition ${partition} has no leader`)
  const position = async (timestamp: number) => {
    const link = await cluster.link(leader, purpose, requestMs)
    const topics = [{ topic, partitions: [{ partition, timestamp }] }]
    const { responses } = await link.broker.listOffsets({ replicaId: -1, isolationLevel: 0, topics })
    return Number(responses[0]?.partitions[0]?.offset)
  }
  try {
    return { start: await position(earliest), end: await position(latest) }
  } catch (error) {
    await cluster.drop(leader, purpose)
    throw error
  }
}
