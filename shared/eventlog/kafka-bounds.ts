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
  const start = await readPosition(cluster, topic, partition, earliest)
  return { start, end: await readEnd(cluster, topic, partition) }
}

/** The position after the last record that was acknowledged before this was called. */
export function readEnd(cluster: KafkaCluster, topic: string, partition: number): Promise<number> {
  return readPosition(cluster, topic, partition, latest)
}

async function readPosition(
  cluster: KafkaCluster,
  topic: string,
  partition: number,
  timestamp: number,
): Promise<number> {
  const leader = cluster.leaderOf(partition)
  if (leader === undefined) throw new Error(`partition ${partition} has no leader`)
  try {
    const link = await cluster.link(leader, purpose, requestMs)
    const topics = [{ topic, partitions: [{ partition, timestamp }] }]
    const { responses } = await link.broker.listOffsets({ replicaId: -1, isolationLevel: 0, topics })
    return Number(responses[0]?.partitions[0]?.offset)
  } catch (error) {
    await cluster.drop(leader, purpose)
    throw error
  }
}
