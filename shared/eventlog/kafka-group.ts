/**
 * One member of the consumer group: joins, keeps alive, hands over, leaves.
 *
 * What is guaranteed. Before it joins again, `revoke` is awaited: the running batch is finished and committed in its
 * own generation, and only then can the broker give the partitions to somebody else. That wait ends with the rebalance
 * timeout; after it the broker gives them away regardless, and every later commit is refused by its generation number,
 * which each commit carries (kafkajs’s own consumer would commit with the newest). A member that heard nothing from the
 * broker for a whole session timeout takes itself for dead, whatever the reason: broker away, or itself stopped.
 */
import type { KafkaCluster, Link } from './kafka-cluster.ts'
import { Coordinator } from './kafka-coordinator.ts'
import { inWords, isHopeless, isStaleMember, isUnknownMember } from './kafka-error.ts'
import { decodeMember, decodeShare, encodeMember, encodeShare, sharePartitions, sharingName } from './kafka-sharing.ts'
import { StaleAssignmentError } from './port.ts'

const leaveMs = 5000
const rebalanceTimeoutMs = 60_000

/** What one generation gave this member. */
export interface Membership {
  readonly memberId: string
  readonly generation: number
  readonly partitions: readonly number[]
}

export interface GroupHandler {
  /** Issues the assignments of a new generation. */
  assign(membership: Membership): void
  /** Lets the running work end; the assignments still count meanwhile. */
  revoke(): Promise<void>
  /** Ends every assignment at once. */
  end(): void
}

export interface KafkaGroupOptions {
  groupId: string
  topic: string
  sessionTimeoutMs: number
  warn: (message: string) => void
  onFatal: (error: Error) => void
}

export class KafkaGroup {
  readonly #cluster: KafkaCluster
  readonly #options: KafkaGroupOptions
  readonly #handler: GroupHandler
  readonly #heartbeatMs: number
  readonly #coordinator: Coordinator
  #membership: Membership | undefined
  #lastMemberId = ''
  #had: readonly number[] = []
  #lastGeneration = -1
  /** Until then the broker counts this member in, by the last sign it gave. */
  #aliveUntil = Number.NEGATIVE_INFINITY
  #wake: () => void = () => undefined
  #sharedPartitions: number | undefined
  #stopping = false
  #loop: Promise<void> | undefined

  constructor(cluster: KafkaCluster, options: KafkaGroupOptions, handler: GroupHandler) {
    this.#cluster = cluster
    this.#options = options
    this.#handler = handler
    this.#heartbeatMs = Math.min(1000, options.sessionTimeoutMs / 5)
    const requestTimeoutMs = Math.max(500, Math.min(5000, options.sessionTimeoutMs / 3))
    this.#coordinator = new Coordinator(cluster, options.groupId, requestTimeoutMs, (message) => this.#warn(message))
  }

  /** Resolves when the first generation’s assignments have been issued. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#loop = this.#run(resolve).then(
        () => reject(new StaleAssignmentError('the group was left before it was joined')),
        (error) => {
          this.#endMembership()
          if (!this.#stopping) this.#options.onFatal(error)
          reject(error)
        },
      )
    })
  }

  /** Leaves the group. With `revoke`, work that runs is let end first. */
  async stop(revoke: boolean): Promise<void> {
    this.#stopping = true
    if (revoke && this.#membership) await this.#handler.revoke()
    this.#endMembership()
    const { promise: over, stop } = sleep(leaveMs)
    await Promise.race([this.#loop, over])
    stop()
  }

  /** Whether `membership` still counts; one that is over never does again. */
  holds(membership: Membership): boolean {
    if (this.#membership !== membership) return false
    if (performance.now() < this.#aliveUntil) return true
    this.#warn('no sign of life to or from Kafka for a whole session; the partitions are taken for lost')
    this.#endMembership()
    return false
  }

  /** The topic may have more partitions: if so they are shared out again. */
  lookAtPartitions(): void {
    this.#wake()
  }

  /**
   * Commits in the generation of `membership`.
   * @throws StaleAssignmentError when that is over, or when the broker did not answer: whether the commit counts is then
   *   not known, and only a new generation makes sure that it cannot come after a later one
   */
  async commit(membership: Membership, partition: number, position: number, metadata: string): Promise<void> {
    const { groupId, topic } = this.#options
    const topics = [{ topic, partitions: [{ partition, offset: String(position), metadata }] }]
    const { memberId, generation } = membership
    await this.#ask(membership, (link) =>
      link.broker.offsetCommit({ groupId, groupGenerationId: generation, memberId, topics }),
    )
  }

  /** What was last committed; undefined when nothing was. */
  async committed(membership: Membership, partition: number) {
    const { groupId, topic } = this.#options
    const topics = [{ topic, partitions: [{ partition }] }]
    const { responses } = await this.#ask(membership, (link) => link.broker.offsetFetch({ groupId, topics }))
    const found = responses[0]?.partitions[0]
    const position = Number(found?.offset ?? -1)
    return position < 0 ? undefined : { position, metadata: found?.metadata ?? '' }
  }

  async #ask<T>(membership: Membership, request: (link: Link) => Promise<T>): Promise<T> {
    for (;;) {
      this.#mustHold(membership)
      let link: Link
      try {
        link = await this.#coordinator.link()
      } catch (error) {
        await this.#coordinator.recover(error)
        continue
      }
      try {
        const answer = await request(link)
        this.#mustHold(membership)
        return answer
      } catch (error) {
        if (error instanceof StaleAssignmentError) throw error
        const { retriable, type } = error as { retriable?: boolean; type?: string }
        if (type !== undefined && retriable === true) {
          await this.#coordinator.recover(error)
          continue
        }
        if (isHopeless(error)) throw error
        if (isUnknownMember(error)) this.#lastMemberId = ''
        if (this.#membership === membership) this.#endMembership()
        if (!isStaleMember(error)) await this.#coordinator.recover(error)
        throw new StaleAssignmentError(`the partition has been handed over (${inWords(error)})`, { cause: error })
      }
    }
  }

  #mustHold(membership: Membership): void {
    if (!this.holds(membership)) throw new StaleAssignmentError('the partition has been handed over')
  }

  async #run(onFirst: () => void): Promise<void> {
    while (!this.#stopping) {
      try {
        const membership = await this.#join()
        if (this.#stopping) break
        this.#membership = membership
        this.#handler.assign(membership)
        onFirst()
        this.#coordinator.works()
        await this.#keepAlive(membership)
      } catch (error) {
        if (isHopeless(error))
          throw new Error(`Kafka does not let this worker consume: ${inWords(error)}`, { cause: error })
        if (isUnknownMember(error)) this.#lastMemberId = ''
        if (!isStaleMember(error)) await this.#coordinator.recover(error)
      }
      await this.#handOver()
    }
    await this.#leave()
  }

  async #join(): Promise<Membership> {
    const { groupId, topic, sessionTimeoutMs } = this.#options
    const link = await this.#coordinator.link()
    const metadata = encodeMember(topic, this.#had, this.#lastGeneration)
    const joined = await link.broker.joinGroup({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      memberId: this.#lastMemberId,
      groupProtocols: [{ name: sharingName, metadata }],
    })
    const { generationId: generation, memberId, leaderId, members } = joined
    this.#lastMemberId = memberId
    const askedAt = performance.now()
    const groupAssignment = memberId === leaderId ? await this.#shareOut(members) : []
    if (memberId !== leaderId) this.#sharedPartitions = undefined
    const synced = await link.broker.syncGroup({ groupId, generationId: generation, memberId, groupAssignment })
    this.#aliveUntil = askedAt + sessionTimeoutMs
    const partitions = decodeShare(topic, synced.memberAssignment)
    this.#had = partitions
    this.#lastGeneration = generation
    return { memberId, generation, partitions }
  }

  async #shareOut(members: { memberId: string; memberMetadata: Buffer }[]) {
    const { leaders } = await this.#cluster.refresh()
    this.#sharedPartitions = leaders.length
    const told = members.map(({ memberId, memberMetadata }) => decodeMember(memberId, memberMetadata))
    const shares = sharePartitions(told, leaders.length)
    return [...shares].map(([memberId, partitions]) => {
      return { memberId, memberAssignment: encodeShare(this.#options.topic, partitions) }
    })
  }

  /** Heartbeats until the membership is over, or has been given back for a rebalance. */
  async #keepAlive(membership: Membership): Promise<void> {
    let isHanding = false
    let isHanded = false
    while (this.holds(membership) && !isHanded && !this.#stopping) {
      const { promise, stop } = sleep(this.#heartbeatMs)
      await Promise.race([promise, this.#woken()])
      stop()
      if (!this.holds(membership) || isHanded || this.#stopping) break
      const grown = this.#sharedPartitions !== undefined && this.#cluster.topic.leaders.length > this.#sharedPartitions
      if (((await this.#beat(membership)) && !grown) || isHanding) continue
      isHanding = true
      void this.#handler.revoke().then(() => {
        isHanded = true
        this.#wake()
      })
    }
  }

  readonly #woken = () =>
    new Promise<void>((resolve) => {
      this.#wake = resolve
    })

  /** True while all is well; false when the group is being shared out anew. */
  async #beat(membership: Membership): Promise<boolean> {
    const sentAt = performance.now()
    try {
      const link = await this.#coordinator.link()
      const { memberId, generation } = membership
      await link.broker.heartbeat({ groupId: this.#options.groupId, groupGenerationId: generation, memberId })
    } catch (error) {
      if ((error as { type?: string }).type === 'REBALANCE_IN_PROGRESS') {
        this.#aliveUntil = sentAt + this.#options.sessionTimeoutMs
        return false
      }
      if (isHopeless(error)) throw error
      if (isUnknownMember(error)) this.#lastMemberId = ''
      if (isStaleMember(error)) this.#endMembership()
      else await this.#coordinator.recover(error)
      return true
    }
    this.#coordinator.works()
    if (this.holds(membership)) this.#aliveUntil = sentAt + this.#options.sessionTimeoutMs
    return true
  }

  /** The assignments end now at the latest, and who works on them has stopped. */
  async #handOver(): Promise<void> {
    this.#endMembership()
    if (!this.#stopping) await this.#handler.revoke()
  }

  #endMembership(): void {
    this.#membership = undefined
    this.#handler.end()
    this.#wake()
  }

  async #leave(): Promise<void> {
    if (this.#lastMemberId === '') return
    try {
      const link = await this.#coordinator.link()
      await link.broker.leaveGroup({ groupId: this.#options.groupId, memberId: this.#lastMemberId })
    } catch {
      // The broker finds out by itself when the session is over.
    }
  }

  #warn(message: string): void {
    if (!this.#stopping) this.#options.warn(message)
  }
}

function sleep(ms: number): { promise: Promise<void>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined
  const promise = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  return { promise, stop: () => clearTimeout(timer) }
}
