import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { KafkaFold } from '../../../shared/choices/kafka-fold.ts'
import { type ChoiceRecord, toKafka } from '../../../shared/choices/kafka-record.ts'
import { isRollDue } from '../../../shared/choices/kafka-roll.ts'
import type { Choice, ChoiceAct } from '../../../shared/choices/port.ts'
import type { KeyedRecord } from '../../../shared/eventlog/kafka-batch.ts'

const subject = '0123456789abcdef0123456789abcdef'

/** A topic in memory: what is appended can be sent again later, and compaction keeps the last record of each key. */
class Topic {
  readonly records: KeyedRecord[] = []

  append(record: ChoiceRecord): void {
    const { key, value } = toKafka(record)
    const position = this.records.length
    const whole = { value: value ?? Buffer.alloc(0), isTombstone: value === undefined }
    this.records.push({ position, appendedAt: 1000 + position, key, ...whole })
  }

  /** One of the first `count` records again, as an append whose acknowledgement was lost. */
  repeat(index: number): void {
    const again = this.records[index % Math.max(1, this.records.length)]
    if (again?.isTombstone === false)
      this.records.push({ ...again, position: this.records.length, appendedAt: 1000 + this.records.length })
  }

  compacted(before: number): KeyedRecord[] {
    const last = new Map(this.records.slice(0, before).map((one) => [String(one.key), one.position]))
    return this.records.filter(({ key, position }) => position >= before || last.get(String(key)) === position)
  }
}

function foldOf(records: readonly KeyedRecord[]): KafkaFold {
  const fold = new KafkaFold()
  for (const record of records) fold.add(record)
  return fold
}

/** One step: a choice by a process whose fold is `behind` records behind, or a record that is there a second time. */
const step = fc.record({
  act: fc.constantFrom<ChoiceAct | 'again'>('opt-out', 'opt-in', 'deletion', 'again'),
  behind: fc.nat({ max: 3 }),
  index: fc.nat({ max: 20 }),
})

function run(steps: readonly { act: ChoiceAct | 'again'; behind: number; index: number }[]): Topic {
  const topic = new Topic()
  for (const [number, { act, behind, index }] of steps.entries()) {
    if (act === 'again') {
      topic.repeat(index)
      continue
    }
    const asked = { subject, act, by: 'owner', policy: '1' } as const
    const seen = foldOf(topic.records.slice(0, Math.max(0, topic.records.length - behind))).choices.seenBy(asked)
    topic.append({ kind: 'choice', choice: { ...asked, ...seen, id: `id-${number}` } })
  }
  return topic
}

describe('the choices folded up', () => {
  it('are the same after any compaction, or leave out more', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 24 }), fc.nat({ max: 30 }), (steps, before) => {
        const topic = run(steps)
        const [whole, compacted] = [topic.records, topic.compacted(before)].map((it) => foldOf(it).choices)
        const [from, later] = [whole!.countedFrom(subject), compacted!.countedFrom(subject)]
        assert.equal(later === Number.POSITIVE_INFINITY, from === Number.POSITIVE_INFINITY)
        assert.ok(later >= from, `${from} and after compaction ${later}`)
      }),
      { numRuns: 2000 },
    )
  })

  it('have an opt-out in force until an opt-in that had seen it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 24 }), (steps) => {
        const topic = run(steps)
        const entries = new Map<string, Choice>()
        for (const { key, value } of topic.records) entries.set(String(key), JSON.parse(String(value)))
        // By hand, from what the log has, without any order.
        const undone = new Set([...entries.values()].flatMap(({ undoes = [] }) => undoes))
        const open = [...entries].filter(([id, { act }]) => act === 'opt-out' && !undone.has(id))
        const { choices } = foldOf(topic.records)
        assert.equal(choices.countedFrom(subject) === Number.POSITIVE_INFINITY, open.length > 0)
        assert.ok(choices.history(subject).every(({ at }, i, all) => i === 0 || at >= (all[i - 1] as Choice).at))
      }),
      { numRuns: 2000 },
    )
  })

  it('do not have an opt-out in force again when an older opt-in goes for want of room', () => {
    const topic = run([
      { act: 'opt-out', behind: 0, index: 0 },
      { act: 'opt-in', behind: 0, index: 0 },
      ...Array.from(
        { length: 60 },
        (_, index) => ({ act: index % 2 ? 'deletion' : 'opt-in', behind: 0, index }) as const,
      ),
    ])
    const { choices } = foldOf(topic.records)
    assert.equal(choices.history(subject).length, 32)
    assert.ok(choices.countedFrom(subject) < Number.POSITIVE_INFINITY)
  })
})

describe('the record that lets an idle topic be compacted', () => {
  it('is due once, when an hour has passed since a removal and nothing was appended after that hour', () => {
    assert.equal(isRollDue({ removedAt: undefined, appendedAt: 5 }, 1e9, 1000), false)
    assert.equal(isRollDue({ removedAt: 5, appendedAt: 5 }, 1000, 1000), false)
    assert.equal(isRollDue({ removedAt: 5, appendedAt: 900 }, 1006, 1000), true)
    assert.equal(isRollDue({ removedAt: 5, appendedAt: 1006 }, 5000, 1000), false)
  })
})
