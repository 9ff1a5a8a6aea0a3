/** Which member of the group gets which partitions: even shares, and everybody keeps what it has as far as that goes. */
import { createRequire } from 'node:module'

const { MemberMetadata, MemberAssignment } = createRequire(import.meta.url)(
  'kafkajs/src/consumer/assignerProtocol.js',
) as {
  MemberMetadata: {
    encode(metadata: { version: number; topics: string[]; userData: Buffer }): Buffer
    decode(bytes: Buffer): { userData: Buffer | null }
  }
  MemberAssignment: {
    encode(assignment: { version: number; assignment: Record<string, number[]>; userData: Buffer }): Buffer
    decode(bytes: Buffer): { assignment: Record<string, number[]> } | null
  }
}

/** Members that share in another way are not let into the group. */
export const sharingName = 'headcount-keep-1'

export interface Member {
  id: string
  /** What it had in its last generation. */
  had: readonly number[]
  generation: number
}

/** Partitions 0 to `partitions` - 1 by member. The same members give the same shares, in whatever order they come. */
export function sharePartitions(members: readonly Member[], partitions: number): Map<string, number[]> {
  const byAge = [...members].sort((a, b) => b.generation - a.generation || (a.id < b.id ? -1 : 1))
  const shares = new Map(byAge.map(({ id }) => [id, [] as number[]]))
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition))
  const least = Math.floor(partitions / members.length)
  let larger = partitions % members.length
  for (const { id, had } of byAge) {
    const kept = [...new Set(had)].filter((partition) => free.has(partition)).slice(0, least + (larger > 0 ? 1 : 0))
    if (kept.length > least) larger--
    for (const partition of kept) free.delete(partition)
    shares.set(id, kept)
  }
  for (const partition of free) {
    const [smallest] = [...shares.values()].sort((a, b) => a.length - b.length)
    smallest?.push(partition)
  }
  return shares
}

/** What a member tells when it joins. */
export function encodeMember(topic: string, had: readonly number[], generation: number): Buffer {
  const userData = Buffer.from(JSON.stringify({ had, generation }))
  return MemberMetadata.encode({ version: 1, topics: [topic], userData })
}

export function decodeMember(id: string, metadata: Buffer): Member {
  try {
    const { had, generation } = JSON.parse(String(MemberMetadata.decode(metadata).userData)) as Partial<Member>
    if (Array.isArray(had) && had.every(Number.isInteger) && Number.isInteger(generation))
      return { id, had, generation: generation as number }
  } catch {
    // A newer member that tells more, or less: it has nothing to keep.
  }
  return { id, had: [], generation: -1 }
}

export function encodeShare(topic: string, partitions: readonly number[]): Buffer {
  return MemberAssignment.encode({ version: 1, assignment: { [topic]: [...partitions] }, userData: Buffer.alloc(0) })
}

export function decodeShare(topic: string, bytes: Buffer): number[] {
  return MemberAssignment.decode(bytes)?.assignment[topic] ?? []
}
