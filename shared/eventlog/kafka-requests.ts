/** The requests kafkajs 2.2.4 cannot make, or not well enough: topic ids, and records without a copy. */
import type { Exchange } from './kafka-exchange.ts'
import { WireReader, WireWriter } from './kafka-wire.ts'

export interface TopicMetadata {
  errorCode: number
  /** 32 hexadecimal digits; a topic made anew under its old name has another. */
  topicId: string
  /** Leader of each partition by number; -1 where there is none now. */
  leaders: number[]
}

export interface ClusterMetadata {
  brokers: Map<number, { host: string; port: number }>
  topic: TopicMetadata
}

/** Metadata v12: the brokers, and the id and leaders of one topic. */
export function metadataExchange(topic: string): Exchange<ClusterMetadata> {
  const body = new WireWriter()
    .noTags()
    .compactArray([topic], () => undefined)
    .uuid('0'.repeat(32))
    .compactString(topic)
    .noTags()
    .int8(0)
    .int8(0)
    .noTags()
    .pieces()
  return { apiKey: 3, apiVersion: 12, apiName: 'Metadata', body, decode: readMetadata }
}

function readMetadata(payload: Buffer): ClusterMetadata {
  const reader = new WireReader(payload)
  reader.tags()
  reader.int32()
  const brokers = reader.compactArray(() => {
    const broker = [reader.int32(), { host: reader.compactString(), port: reader.int32() }] as const
    reader.compactString()
    reader.tags()
    return broker
  })
  reader.compactString()
  reader.int32()
  const topics = reader.compactArray(() => readTopic(reader))
  return { brokers: new Map(brokers), topic: topics[0] ?? { errorCode: 3, topicId: '', leaders: [] } }
}

function readTopic(reader: WireReader): TopicMetadata {
  const errorCode = reader.int16()
  reader.compactString()
  const topicId = reader.uuid()
  reader.int8()
  const leaders: number[] = []
  reader.compactArray(() => {
    reader.int16()
    leaders[reader.int32()] = reader.int32()
    reader.int32()
    for (let lists = 0; lists < 3; lists++) reader.compactArray(() => reader.int32())
    reader.tags()
  })
  reader.int32()
  reader.tags()
  return { errorCode, topicId, leaders }
}

export interface Produced {
  partition: number
  errorCode: number
  position: number
  /** Milliseconds since the Unix epoch by the broker's clock; -1 when the topic keeps the sender's time. */
  appendedAt: number
}

/** Produce v7 with `acks=-1`: batches by partition, answered when every copy in step has them. */
export function produceExchange(
  topic: string,
  batches: ReadonlyMap<number, Buffer>,
  timeoutMs: number,
): Exchange<Produced[]> {
  const writer = new WireWriter().int16(-1).int16(-1).int32(timeoutMs)
  writer.array([topic], () => {
    writer.string(topic).array([...batches], ([partition, batch]) => {
      writer.int32(partition).int32(batch.length).bytes(batch)
    })
  })
  return { apiKey: 0, apiVersion: 7, apiName: 'Produce', body: writer.pieces(), decode: readProduced }
}

function readProduced(payload: Buffer): Produced[] {
  const reader = new WireReader(payload)
  const topics = reader.array(() => {
    reader.string()
    return reader.array((): Produced => {
      const partition = reader.int32()
      const errorCode = reader.int16()
      const produced = { partition, errorCode, position: reader.int64(), appendedAt: reader.int64() }
      reader.int64()
      return produced
    })
  })
  return topics.flat()
}

export interface Fetched {
  errorCode: number
  /** Positions before it are readable. */
  end: number
  /** Positions before it are gone. */
  start: number
  batches: Buffer
}

/** Fetch v13, by topic id: a topic made anew under the same name answers with an error, not with its own records. */
export function fetchExchange(
  topicId: string,
  partition: number,
  from: number,
  limit: { waitMs: number; bytesMax: number },
): Exchange<Fetched> {
  const writer = new WireWriter().noTags().int32(-1).int32(limit.waitMs).int32(1).int32(limit.bytesMax)
  // Everything below the high watermark, no fetch session.
  writer.int8(0).int32(0).int32(-1)
  writer.compactArray([partition], () => {
    writer.uuid(topicId).compactArray([partition], () => {
      writer.int32(partition).int32(-1).int64(from).int32(-1).int64(-1).int32(limit.bytesMax).noTags()
    })
    writer.noTags()
  })
  const body = writer.uvarint(1).compactString('').noTags().pieces()
  return { apiKey: 1, apiVersion: 13, apiName: 'Fetch', body, decode: readFetched }
}

function readFetched(payload: Buffer): Fetched {
  const reader = new WireReader(payload)
  reader.tags()
  reader.int32()
  const errorCode = reader.int16()
  reader.int32()
  const topics = reader.compactArray(() => {
    reader.uuid()
    const partitions = reader.compactArray(() => readFetchedPartition(reader))
    reader.tags()
    return partitions
  })
  const [fetched] = topics.flat()
  return fetched && errorCode === 0
    ? fetched
    : { errorCode: errorCode || -1, end: 0, start: 0, batches: Buffer.alloc(0) }
}

function readFetchedPartition(reader: WireReader): Fetched {
  reader.int32()
  const errorCode = reader.int16()
  const end = reader.int64()
  reader.int64()
  const start = reader.int64()
  reader.compactArray(() => {
    reader.int64()
    reader.int64()
    reader.tags()
  })
  reader.int32()
  const batches = reader.compactBytes()
  reader.tags()
  return { errorCode, end, start, batches }
}

/** DescribeLogDirs v1: bytes that one broker keeps of some partitions. */
export function logBytesExchange(topic: string, partitions: readonly number[]): Exchange<number> {
  const writer = new WireWriter()
  writer.array([topic], () => writer.string(topic).array(partitions, (partition) => writer.int32(partition)))
  return { apiKey: 35, apiVersion: 1, apiName: 'DescribeLogDirs', body: writer.pieces(), decode: readLogBytes }
}

function readLogBytes(payload: Buffer): number {
  const reader = new WireReader(payload)
  reader.int32()
  let bytes = 0
  reader.array(() => {
    reader.int16()
    reader.string()
    reader.array(() => {
      reader.string()
      reader.array(() => {
        reader.int32()
        bytes += reader.int64()
        reader.int64()
        reader.int8()
      })
    })
  })
  return bytes
}
