import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerUsage as answerWindows, rowsMax, toCsv } from '../../../services/reporting/usage-answer.ts'
import { parseUsageRequest, type UsageRequest } from '../../../services/reporting/usage-request.ts'
import { parseCatalogue } from '../../../shared/catalogue-file.ts'
import { ProblemError } from '../../../shared/http/problem.ts'
import { dayMs } from '../../../shared/window.ts'
import { seeded } from '../../bench/bench-events.ts'
import { catalogueText } from './reporting-fixture.ts'

const catalogue = parseCatalogue(catalogueText, 'test.yaml')
const window = Date.parse('2026-11-23T00:00:00Z')
const request = (query: Record<string, string>) =>
  parseUsageRequest({ dataset: 'usage', ...query }, catalogue, window + 1000)
const cell = (values: string[], events: number, isHidden = false) => ({
  values,
  events,
  devices: events,
  testDevices: events,
  measures: [],
  isHidden,
})
type Cell = ReturnType<typeof cell>

const windowOf = (start: number, cells: Cell[], untold: string[][] = []) => {
  const hidden = new Set(cells.filter(({ isHidden }) => isHidden).map(({ values }) => JSON.stringify(values)))
  return {
    start,
    table: new Map(cells.map((one) => [JSON.stringify(one.values), one])),
    isHidden: (key: string) => hidden.has(key),
    untold: untold.map((values) => JSON.stringify(values)),
  }
}
const answerUsage = (asked: UsageRequest, cells: Cell[], freshTo: number | undefined, untold: string[][] = []) =>
  answerWindows(asked, [windowOf(window, cells, untold)], freshTo)

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

  it('adds up the windows in which a value is shown, and tells in how many, and in which something is left out', () => {
    const next = window + dayMs
    const windows = [
      windowOf(window, [cell(['a'], 5), cell(['b'], 30), cell(['c'], 2, true)]),
      windowOf(next, [cell(['a'], 7), cell(['b'], 1, true), cell(['c'], 12)], [['d']]),
    ]
    const asked = request({ by: 'feature', totals: 'true' })
    const { columns, rows, suppressed, suppressed_in } = answerWindows(asked, windows, undefined)
    assert.deepEqual(columns, ['feature', 'windows', 'events', 'devices_per_window'])
    assert.deepEqual(rows, [
      ['b', 1, 30, 30],
      ['a', 2, 12, 6],
      ['c', 1, 12, 12],
    ])
    assert.deepEqual(
      [suppressed, suppressed_in.map(([start, cells]) => [Date.parse(start), cells])],
      [
        3,
        [
          [window, 1],
          [next, 2],
        ],
      ],
    )
    const few = answerWindows(request({ by: 'feature', totals: 'true', limit: '2' }), windows, undefined)
    assert.deepEqual([few.rows, few.suppressed], [rows.slice(0, 2), 3])
  })

  it('adds up windows of every other value, and of all values', () => {
    const windows = [window, window + dayMs].map((start) =>
      windowOf(start, [cell(['a', '1'], 50), cell(['b', '1'], 4), cell(['c', '1'], 7, true), cell(['b', '2'], 5)]),
    )
    const others = request({ by: 'version', where: 'feature!:a', metrics: 'events', totals: 'true' })
    assert.deepEqual(answerWindows(others, windows, undefined).rows, [
      ['2', 2, 10],
      ['1', 2, 8],
    ])
    const all = request({ totals: 'true' })
    const ofAll = [windowOf(window, [cell([], 5)]), windowOf(window + dayMs, [cell([], 8)])]
    assert.deepEqual(answerWindows(all, ofAll, undefined).rows, [[2, 13, 6.5]])
    assert.deepEqual(answerWindows(all, [], undefined).rows, [])
  })

  it('is what adding up its answer by window gives, for windows and cells at random', () => {
    const random = seeded(20261126)
    for (let world = 0; world < 50; world++) {
      const windows = Array.from({ length: 6 }, (_, at) =>
        windowOf(
          window + at * dayMs,
          Array.from({ length: 8 }, (_, value) => cell([`f${value}`], 1 + Math.floor(random() * 5), random() < 0.3)),
        ),
      )
      const byWindow = answerWindows(request({ by: 'feature' }), windows, undefined)
      const sums = new Map<string, [number, number, number]>()
      for (const [, value, events, devices] of byWindow.rows as [string, string, number, number][]) {
        const [days, all, each] = sums.get(value) ?? [0, 0, 0]
        sums.set(value, [days + 1, all + events, each + devices])
      }
      const totals = answerWindows(request({ by: 'feature', totals: 'true' }), windows, undefined)
      assert.deepEqual(
        new Map(totals.rows.map(([value, ...figures]) => [value, figures])),
        new Map([...sums].map(([value, [days, all, each]]) => [value, [days, all, each / days]])),
      )
      assert.deepEqual(totals.suppressed_in, byWindow.suppressed_in)
    }
  })

  it('refuses to add up means, and a totals that is neither true nor false', () => {
    const refused = (query: Record<string, string>, detail: RegExp) =>
      assert.throws(
        () => request(query),
        (error) => error instanceof ProblemError && detail.test(error.problem.detail ?? ''),
      )
    refused({ dataset: 'sizes', metrics: 'events,cpu', totals: 'true' }, /cpu cannot be added up/)
    refused({ totals: 'yes' }, /there is true, false/)
    assert.equal(request({ dataset: 'sizes', metrics: 'events,cpu', totals: 'false' }).isTotals, false)
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
