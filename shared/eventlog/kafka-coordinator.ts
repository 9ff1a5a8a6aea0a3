/** The broker that keeps the consumer group, and the connection to it. */
import type { KafkaCluster, Link } from './kafka-cluster.ts'
import { inWords } from './kafka-error.ts'

const purpose = 'group'
const retryMs = 300
const groupType = 0
/** What is over sooner is no news: a coordinator that moves, or a broker that starts. */
const quietMs = 5000

export class Coordinator {
  readonly #cluster: KafkaCluster
  readonly #groupId: string
  readonly #requestTimeoutMs: number
  readonly #warn: (message: string) => void
  #nodeId: number | undefined
  #failingSince: number | undefined
  #hasWarned = false

  constructor(cluster: KafkaCluster, groupId: string, requestTimeoutMs: number, warn: (message: string) => void) {
    this.#cluster = cluster
    this.#groupId = groupId
    this.#requestTimeoutMs = requestTimeoutMs
    this.#warn = warn
  }

  /** Looks for the coordinator if need be. */
  async link(): Promise<Link> {
    if (this.#nodeId === undefined) {
      const { leaders } = await this.#cluster.refresh()
      const any = leaders.find((leader) => leader >= 0)
      if (any === undefined) throw new Error('no partition has a leader')
      const { broker } = await this.#cluster.link(any, 'coordinator', this.#requestTimeoutMs)
      const found = await broker.findGroupCoordinator({ groupId: this.#groupId, coordinatorType: groupType })
      this.#nodeId = found.coordinator.nodeId
    }
    return await this.#cluster.link(this.#nodeId, purpose, this.#requestTimeoutMs)
  }

  /** It answered. */
  works(): void {
    if (this.#hasWarned) this.#warn('the consumer group can be reached again')
    this.#failingSince = undefined
    this.#hasWarned = false
  }

  /** After an error: another one is looked for, after a while. */
  async recover(error: unknown): Promise<void> {
    this.#failingSince ??= performance.now()
    if (!this.#hasWarned && performance.now() > this.#failingSince + quietMs) {
      this.#hasWarned = true
      this.#warn(`the consumer group cannot be reached (${inWords(error)}); it is tried again and again`)
    }
    const before = this.#nodeId
    this.#nodeId = undefined
    if (before !== undefined) await this.#cluster.drop(before, purpose)
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}
