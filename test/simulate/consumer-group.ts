/**
 * Who has which partition. A process may be told in good time, too late, or only by the refusal of its next call: the
 * log's epochs fence what it does there, and nothing fences what it does elsewhere.
 */
import type { Random } from '../../services/command-line/demo-random.ts'
import type { AssignmentHandler } from '../../shared/eventlog/port.ts'
import type { Counts } from './counts.ts'
import type { Life } from './life.ts'
import type { SimulatedAssignment, SimulatedLog } from './simulated-log.ts'
import type { VirtualTime } from './virtual-time.ts'

interface Member {
  readonly life: Life
  readonly handler: AssignmentHandler
  readonly assign: (partition: number, epoch: number) => SimulatedAssignment
}

const sessionMsMax = 6_000
const leaveMsMax = 10_000
const tellMsMax = 15_000

export class ConsumerGroup {
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #counts: Counts
  readonly #log: SimulatedLog
  readonly #members = new Map<Life, Member>()
  readonly #owners = new Map<number, Life>()

  constructor(time: VirtualTime, random: Random, counts: Counts, log: SimulatedLog) {
    this.#time = time
    this.#random = random
    this.#counts = counts
    this.#log = log
  }

  /** A process subscribes: it gets what nobody has, and some of what others have. */
  join(member: Member): void {
    if (member.life.isOver) return
    this.#members.set(member.life, member)
    for (let partition = 0; partition < this.#log.partitions; partition++) {
      if (!this.#owners.has(partition)) this.#give(partition, member)
      else if (this.#random.chance(1 / this.#members.size)) this.#handOver(partition, member)
    }
  }

  /** A process has gone; the group notices after a while. */
  left(life: Life): void {
    if (!this.#members.delete(life)) return
    this.#time.after(this.#random.next() * sessionMsMax, () => this.#redistribute(life))
  }

  /** A process stands still; its session may run out meanwhile. */
  isSilent(life: Life, forMs: number): void {
    const sessionMs = this.#random.next() * sessionMsMax
    if (forMs <= sessionMs) return
    this.#time.after(sessionMs, () => {
      for (const partition of this.#of(life)) this.#takeAway(partition)
    })
  }

  takeAwayFrom(life: Life): void {
    const partitions = this.#of(life)
    if (partitions.length > 0) this.#takeAway(this.#random.pick(partitions))
  }

  handOverFrom(life: Life): void {
    const partitions = this.#of(life)
    const to = this.#pick()
    if (partitions.length > 0 && to) this.#handOver(this.#random.pick(partitions), to)
  }

  #of(life: Life): number[] {
    return [...this.#owners].filter(([, owner]) => owner === life).map(([partition]) => partition)
  }

  #pick(): Member | undefined {
    const members = [...this.#members.values()]
    return members.length > 0 ? this.#random.pick(members) : undefined
  }

  #redistribute(gone: Life): void {
    for (const partition of this.#of(gone)) {
      const to = this.#pick()
      if (to) this.#give(partition, to)
      else this.#owners.delete(partition)
    }
  }

  #give(partition: number, to: Member): void {
    this.#owners.set(partition, to.life)
    const epoch = this.#log.handOver(partition)
    to.life.reach(() => to.handler.assigned(to.assign(partition, epoch)))
  }

  #takeAway(partition: number): void {
    const former = this.#owners.get(partition)
    const to = this.#pick()
    if (!to) return
    this.#counts.note('hand-overs without a word')
    const member = former && this.#members.get(former)
    // The same process, given the partition anew, has been told that it was revoked before.
    if (member && former === to.life) former.reach(() => void member.handler.revoked(partition))
    this.#give(partition, to)
    if (!member || former === to.life) return
    this.#time.after(this.#random.next() * tellMsMax, () => {
      if (this.#owners.get(partition) !== former) former.reach(() => void member.handler.revoked(partition))
    })
  }

  #handOver(partition: number, to: Member): void {
    const former = this.#owners.get(partition)
    const member = former && this.#members.get(former)
    if (!member) return
    this.#counts.note('hand-overs in good order')
    const epoch = this.#log.epochOf(partition)
    const finish = () => {
      if (this.#log.epochOf(partition) !== epoch) return
      const next = this.#members.has(to.life) ? to : this.#pick()
      if (next) this.#give(partition, next)
      else this.#owners.delete(partition)
    }
    former.reach(() => void member.handler.revoked(partition).then(finish, finish))
    this.#time.after(this.#random.next() * leaveMsMax, finish)
  }
}
