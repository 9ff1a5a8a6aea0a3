import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { StatementBatches } from '../../../services/reporting/statement-batches.ts'
import type { Part, PartRow } from '../../../services/reporting/table-parts.ts'
import { parseCatalogue } from '../../../shared/catalogue-file.ts'
import { catalogueText } from './reporting-fixture.ts'

const [dataset] = parseCatalogue(catalogueText, 'test.yaml').datasets

/** A part is known by the start of its range. */
const sizes = (from: number): Part => ({
  kind: 'sizes',
  stage: 'final',
  dataset: dataset!,
  grain: 'day',
  from,
  to: from + 1,
})

const rowOf = (part: number, w: number): PartRow => ({ part, mask: 0, w, v: [], e: '1', d: '0', m: [] })

/** Answers each part of a statement with its start, once it is let go; refuses a statement that has a part of 13. */
class HeldReader {
  readonly statements: number[][] = []
  readonly #gates: (() => void)[] = []
  isOpen = false

  async select<Row>(_sql: string, params: Record<string, unknown> = {}): Promise<Row[]> {
    const starts: number[] = []
    for (let at = 0; params[`from_${at}`] !== undefined; at++) starts.push(params[`from_${at}`] as number)
    this.statements.push(starts)
    if (!this.isOpen) await new Promise<void>((resolve) => void this.#gates.push(resolve))
    if (starts.includes(13)) throw new Error('refused')
    return starts.map((start, part) => rowOf(part, start)) as Row[]
  }

  letGo(): void {
    this.isOpen = true
    for (const open of this.#gates) open()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const startsOf = (rows: PartRow[][]): number[][] => rows.map((own) => own.map(({ w }) => w))

describe('statements for several questions', () => {
  it('questions of one turn are one statement, and each gets its own rows', async () => {
    const reader = new HeldReader()
    reader.isOpen = true
    const batches = new StatementBatches(reader)
    const answers = await Promise.all([batches.rows([sizes(1), sizes(2)]), batches.rows([sizes(3)])])
    assert.deepEqual(answers.map(startsOf), [[[1], [2]], [[3]]])
    assert.deepEqual(reader.statements, [[1, 2, 3]])
  })

  it('questions that come while two statements run are the next one', async () => {
    const reader = new HeldReader()
    const batches = new StatementBatches(reader)
    const asked: Promise<PartRow[][]>[] = []
    for (let start = 1; start <= 5; start++) {
      asked.push(batches.rows([sizes(start)]))
      for (let turn = 0; turn < 3; turn++) await setImmediate()
    }
    assert.deepEqual(reader.statements, [[1], [2]])
    reader.letGo()
    assert.deepEqual((await Promise.all(asked)).map(startsOf), [[[1]], [[2]], [[3]], [[4]], [[5]]])
    assert.deepEqual(reader.statements, [[1], [2], [3, 4, 5]])
  })

  it('a question that is refused is refused alone', async () => {
    const reader = new HeldReader()
    reader.isOpen = true
    const batches = new StatementBatches(reader)
    const [good, bad] = await Promise.allSettled([batches.rows([sizes(1)]), batches.rows([sizes(13)])])
    assert.deepEqual(good.status === 'fulfilled' && startsOf(good.value), [[1]])
    assert.equal(bad.status === 'rejected' && (bad.reason as Error).message, 'refused')
    assert.deepEqual(startsOf(await batches.rows([sizes(2)])), [[2]], 'the next is answered')
  })

  it('more tables than go into a statement are several', async () => {
    const reader = new HeldReader()
    reader.isOpen = true
    const many = Array.from({ length: 150 }, (_, at) => sizes(100 + at))
    const rows = await new StatementBatches(reader).rows(many)
    assert.deepEqual(
      startsOf(rows),
      many.map(({ from }) => [from]),
    )
    assert.equal(reader.statements.length, 3)
  })
})
