import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerUsage as answerTable, rowsMax, toCsv } from '../../../services/reporting/usage-answer.ts'
import { parseUsageRequest, type UsageRequest } from '../../../services/reporting/usage-request.ts'
import type { UsageCell } from '../../../services/reporting/usage-tables.ts'
import { parseCatalogue } from '../../../shared/catalogue-file.ts'
import { ProblemError } from '../../../shared/http/problem.ts'
import { catalogueText } from './reporting-fixture.ts'

const catalogue = parseCatalogue(catalogueText, 'test.yaml')
const window = Date.parse('2026-11-23T00:00:00Z')
const request = (query: Record<string, string>) =>
  parseUsageRequest({ dataset: 'usage', ...query }, catalogue, window + 1000)
const cell = (values: string[], events: number, hidden = false) => ({
  window,
  values,
  events,
  devices: events,
  means: [],
  hidden,
})

const answerUsage = (asked: UsageRequest, cells: UsageCell[], freshTo: number | undefined, untold: string[][] = []) =>
  answerTable(asked, { cells, untold: new Map([[window, untold.map((values) => JSON.stringify(values))]]) }, freshTo)

describe('usage answer', () => {
  it('breaks ties by the values, in the order in which they were asked for', () => {
    const cells = [cell(['b', '1'], 5), cell(['a', '2'], 5), cell(['c', '1'], 5), cell(['d', '9'], 6)]
    const { rows } = answerUsage(request({ by: 'version,feature', metrics: 'events' }), cells, undefined)
    assert.deepEqual(
      rows.map((row) => row.slice(1)),
      [
        ['9', 'd', 6],
        ['1', 'b', 5],
        ['1', 'c', 5],
        ['2', 'a', 5],
      ],
    )
  })

  it('counts as suppressed what the slice has hidden, and not what the limit cuts', () => {
    const cells = [cell(['a', '1'], 5), cell(['a', '2'], 4), cell(['a', '3'], 3, true), cell(['b', '1'], 2, true)]
    const { rows, suppressed } = answerUsage(
      request({ by: 'version', where: 'feature:a', limit: '1' }),
      cells,
      undefined,
    )
    assert.equal(rows.length, 1)
    assert.equal(suppressed, 1)
  })

  it('counts as suppressed what is not told to be absent, in the slice', () => {
    const asked = request({ by: 'version', where: 'feature:a' })
    const untold = [
      ['a', '7'],
      ['b', '7'],
    ]
    const { suppressed, suppressed_in } = answerUsage(asked, [cell(['a', '1'], 5)], undefined, untold)
    assert.deepEqual([suppressed, suppressed_in], [1, [['2026-11-23T00:00:00Z', 1]]])
    assert.deepEqual(answerUsage(request({ where: 'feature:c' }), [], undefined, untold).suppressed_in, [])
  })

  it('adds up the shown cells of every other value, and lists them where they are asked for', () => {
    const cells = [
      ...[cell(['a', '1'], 50), cell(['b', '1'], 4), cell(['c', '1'], 7), cell(['b', '2'], 5)],
      cell(['c', '2'], 3, true),
    ]
    const others = answerUsage(request({ by: 'version', where: 'feature!:a', metrics: 'events' }), cells, undefined)
    const rows = others.rows.map((row) => row.slice(1))
    assert.deepEqual(
      [rows, others.suppressed],
      [
        [
          ['1', 11],
          ['2', 5],
        ],
        1,
      ],
    )
    const listed = answerUsage(request({ by: 'feature,version', where: 'feature!:a' }), cells, undefined)
    assert.deepEqual(
      listed.rows.map(([, feature]) => feature),
      ['c', 'b', 'b'],
    )
  })

  it('refuses an answer of too many rows', () => {
    const cells = Array.from({ length: rowsMax + 1 }, (_, index) => cell([`f${index}`], 9))
    assert.throws(() => answerUsage(request({ by: 'feature' }), cells, undefined), ProblemError)
    assert.equal(answerUsage(request({ by: 'feature', limit: '10' }), cells, undefined).rows.length, 10)
  })

  it('writes CSV that no spreadsheet takes for a formula', () => {
    const rows = ['=1+1', '+1', '-1', '@x', '\tx', '\rx', 'a"b', 'a,b', 'a\nb', '(none)', "'x"].map((text) => [
      text,
      -1,
      null,
    ])
    const csv = toCsv({ columns: ['window', 'events', 'cpu'], rows })
    assert.equal(
      csv,
      [
        'window,events,cpu',
        "'=1+1,-1,",
        "'+1,-1,",
        "'-1,-1,",
        "'@x,-1,",
        "'\tx,-1,",
        '"\'\rx",-1,',
        '"a""b",-1,',
        '"a,b",-1,',
        '"a\nb",-1,',
        '(none),-1,',
        "'x,-1,",
        '',
      ].join('\r\n'),
    )
  })
})
