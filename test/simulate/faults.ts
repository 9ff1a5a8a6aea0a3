/** What can go wrong with a call of a port, and how often: every choice is the seed's. */
import type { Random } from '../../services/command-line/demo-random.ts'

/** Every await of the worker on something outside of it. */
export const callKinds = [
  'log.subscribe',
  'log.committed',
  'log.read',
  'log.plan',
  'log.commit',
  'log.expire',
  'log.bytes',
  'key-value.get',
  'key-value.put',
  'key-value.putIfAbsent',
  'key-value.compareAndSet',
  'key-value.delete',
  'key-value.scan',
  'key-value.sweep',
  'secrets.createOnce',
  'secrets.read',
  'secrets.isDestroyed',
  'secrets.list',
  'warehouse.insert',
  'warehouse.mark',
  'warehouse.select',
  'warehouse.command',
  'warehouse.tableBytes',
  'timing.sleep',
  'timing.turn',
] as const
export type CallKind = (typeof callKinds)[number]

export const faults = [
  /** The process dies; the call never arrives. */
  'crash-before',
  /** The process dies; the call has its effect, at once or long after another process has taken over. */
  'crash-after',
  'crash-late',
  /** An error, and nothing has happened. */
  'refused',
  /** An error, and yet it has happened, or happens long after. */
  'answer-lost',
  'late',
  /** It happens, and long after it happens again. */
  'duplicated',
  /** The call or its answer is long on its way. */
  'slow',
  /** A partition of the process is given to another without a word: the process is a zombie. */
  'taken-away',
  /** A partition of the process is handed over in good order. */
  'handed-over',
  /** The process stands still for longer than its session lasts, and then goes on. */
  'frozen',
  /** The store takes no calls for a while. */
  'outage',
  /** The warehouse dies in an insert and remembers its token without its part; the process dies too or gets an error. */
  'token-without-part',
] as const
export type Fault = (typeof faults)[number]

const writes: ReadonlySet<CallKind> = new Set([
  'log.plan',
  'log.commit',
  'key-value.put',
  'key-value.putIfAbsent',
  'key-value.compareAndSet',
  'key-value.delete',
  'secrets.createOnce',
  'warehouse.insert',
])
const onWritesOnly: ReadonlySet<Fault> = new Set(['crash-late', 'answer-lost', 'late', 'duplicated'])
const onTiming: ReadonlySet<Fault> = new Set(['crash-before', 'slow', 'taken-away', 'handed-over', 'frozen'])
/** Where counting exactly once is decided. */
const decisive: ReadonlySet<CallKind> = new Set(['log.plan', 'log.commit', 'warehouse.insert', 'warehouse.mark'])
const decisiveTimes = 4

export function canHappen(fault: Fault, kind: CallKind): boolean {
  if (fault === 'token-without-part') return kind === 'warehouse.insert'
  if (kind.startsWith('timing.')) return onTiming.has(fault)
  if (kind === 'log.subscribe') return fault !== 'taken-away' && fault !== 'handed-over' && !onWritesOnly.has(fault)
  return writes.has(kind) || !onWritesOnly.has(fault)
}

/** The faults of one seed: some kinds more often, some not at all, so that seeds differ in what they try. */
export class FaultPlan {
  readonly #random: Random
  readonly #rate: number
  readonly #weights: ReadonlyMap<Fault, number>
  readonly #lots = new Map<CallKind, Fault[]>()
  #stopped = false

  constructor(random: Random) {
    this.#random = random
    this.#rate = 0.003 * 10 ** random.next()
    this.#weights = new Map(faults.map((fault) => [fault, random.chance(0.25) ? 0 : random.integer(1, 4)]))
  }

  /** From now on everything goes well. */
  stop(): void {
    this.#stopped = true
  }

  get stopped(): boolean {
    return this.#stopped
  }

  draw(kind: CallKind): Fault | undefined {
    if (this.#stopped) return undefined
    if (!this.#random.chance(this.#rate * (decisive.has(kind) ? decisiveTimes : 1))) return undefined
    let lots = this.#lots.get(kind)
    if (!lots) {
      const possible = faults.filter((fault) => canHappen(fault, kind))
      lots = possible.flatMap((fault) => Array<Fault>(this.#weights.get(fault) ?? 0).fill(fault))
      this.#lots.set(kind, lots)
    }
    return lots.length === 0 ? undefined : this.#random.pick(lots)
  }
}
