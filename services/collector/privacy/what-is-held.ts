/**
 * What is held under one identifier: its choices, and the raw records that are still in the event log. Looking means
 * reading the whole log, so one look is taken at a time, and few may wait.
 */
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import { LeftOut } from '../../../shared/choices/left-out.ts'
import type { Choice, SubjectKind } from '../../../shared/choices/port.ts'
import type { PartitionHistory } from '../../../shared/eventlog/port.ts'
import { InTurn } from '../../../shared/in-turn.ts'
import { rawGoneMs } from '../../../shared/retention/limits.ts'
import { rfc3339 } from '../../../shared/rfc3339.ts'
import { tooBusy } from './choice-problems.ts'
import { type HeldRecord, heldRecords } from './held-records.ts'
import { optOutInForce } from './opt-out-in-force.ts'

const waitingMax = 4
const busySeconds = 10

export interface Held {
  /** `not made`: counted, as nobody has said anything. */
  readonly choice: 'opt-out' | 'opt-in' | 'not made'
  /** Oldest first. */
  readonly history: readonly { choice: string; at: string; by: string; policy: string }[]
  /** Raw records; what was cut out is still there until then, and is shown. */
  readonly records: readonly (Omit<HeldRecord, 'receivedAt' | 'appendedAt' | 'events'> & {
    receivedAt: string
    events: readonly { id: string; time: string; feature: string; fields: object }[]
    leftOut: 'opted-out' | 'deleted' | 'no'
    goneBy: string
  })[]
  /** False: there are more records than an answer has room for. */
  readonly complete: boolean
  readonly notTold: readonly string[]
}

export interface WhatIsHeldDeps {
  readonly choices: ChoiceBook
  /** @throws LogUnavailableError */
  readonly history: () => Promise<PartitionHistory[]>
}

export class WhatIsHeld {
  readonly #deps: WhatIsHeldDeps
  readonly #leftOut: LeftOut
  readonly #looking = new InTurn()
  #waiting = 0

  constructor(deps: WhatIsHeldDeps) {
    this.#deps = deps
    this.#leftOut = new LeftOut(deps.choices)
  }

  /** @throws ProblemError 429 when too many wait already; LogUnavailableError */
  async under(unit: { kind: SubjectKind; id: string }): Promise<Held> {
    if (this.#waiting >= waitingMax) throw tooBusy(busySeconds)
    this.#waiting++
    try {
      return await this.#looking.run(() => this.#look(unit))
    } finally {
      this.#waiting--
    }
  }

  async #look(unit: { kind: SubjectKind; id: string }): Promise<Held> {
    const { choices } = this.#deps
    const histories = await this.#deps.history()
    try {
      const { records, complete } = await heldRecords(histories, unit)
      const subject = choices.subjectOf(unit.kind, unit.id)
      const history = choices.log.choices.history(subject)
      const isOut = optOutInForce(choices.log.choices, subject) !== undefined
      const isIn = history.some(({ act }) => act === 'opt-in')
      return {
        choice: isOut ? 'opt-out' : isIn ? 'opt-in' : 'not made',
        history: history.map(toldChoice),
        records: records.map((record) => toldRecord(record, this.#leftOut.why({ unit, ...record }) ?? 'no')),
        complete,
        notTold,
      }
    } finally {
      for (const history of histories) await history.close()
    }
  }
}

const notTold = [
  'Counts: they are sums over everybody, in which nothing can be found by an identifier.',
  'Pseudonyms and hashes of event ids: they are made with keys that are destroyed, and say no more than that something was seen before.',
  'Anything under another identifier, whoever has it.',
]

function toldChoice({ act, at, by, policy }: Choice): Held['history'][number] {
  return { choice: act, at: rfc3339(at), by, policy }
}

function toldRecord(record: HeldRecord, leftOut: 'opted-out' | 'deleted' | 'no'): Held['records'][number] {
  const { address, userAgent, events, receivedAt, appendedAt } = record
  return {
    receivedAt: rfc3339(receivedAt),
    address,
    userAgent,
    events: events.map(({ id, time, feature, fields }) => ({ id, time: rfc3339(time), feature, fields })),
    leftOut,
    goneBy: rfc3339(appendedAt + rawGoneMs),
  }
}
