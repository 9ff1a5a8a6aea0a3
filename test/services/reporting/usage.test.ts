import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { writeFreshness } from '../../../shared/freshness.ts'
import { ReportingFixture, type Seen, senders, tokens } from './reporting-fixture.ts'

const dashboard = { feature: 'dashboard', version: '2.0' }
const jobs = { feature: 'jobs', version: '2.0' }
const days: Record<string, Seen[]> = {
  '2026-11-19': [
    ...senders(0, 20, dashboard),
    ...senders(0, 8, jobs, { events: 2 }),
    ...senders(30, 6, { ...jobs, version: '1.13' }),
  ],
  '2026-11-20': [
    ...senders(0, 30, dashboard),
    ...senders(40, 12, jobs),
    ...senders(60, 3, { feature: '(other)', version: '2.0' }),
  ],
}

describe('GET /api/v1/usage', () => {
  const fixture = new ReportingFixture()
  const usage = async (query: string) => {
    const answer = await fixture.get(`/api/v1/usage?${query}`)
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json() as {
      columns: string[]
      rows: (string | number | null)[][]
      suppressed: number
      fresh_to: string | null
    }
  }
  const refusal = async (query: string) => {
    const answer = await fixture.get(`/api/v1/usage?${query}`)
    assert.equal(answer.statusCode, 400, answer.body)
    return answer.json() as { type: string; detail: string; valid?: string[]; declared?: string[][] }
  }
  const range = 'from=2026-11-19&to=2026-11-21'

  before(async () => {
    await fixture.open()
    await fixture.insertFinal('usage', 'day', '2026-11-19T00:00:00Z', days['2026-11-19']!)
    // Left over from before it was final: must not count.
    await fixture.insertOpen('usage', 'day', '2026-11-19T00:00:00Z', days['2026-11-19']!)
    await fixture.insertOpen('usage', 'day', '2026-11-20T00:00:00Z', days['2026-11-20']!.slice(0, 25))
    await fixture.insertOpen('usage', 'day', '2026-11-20T00:00:00Z', days['2026-11-20']!.slice(20))
  })
  after(() => fixture.close())

  it('counts a closed window once though its open rows are still there, and merges an open one', async () => {
    assert.deepEqual(await usage(`dataset=usage&${range}`), {
      columns: ['window', 'events', 'devices'],
      rows: [
        ['2026-11-19T00:00:00Z', 42, 26],
        ['2026-11-20T00:00:00Z', 50, 45],
      ],
      suppressed: 0,
      suppressed_in: [],
      fresh_to: null,
    })
  })

  it('sorts by window, then events descending, and counts what it leaves out', async () => {
    const { columns, rows, suppressed } = await usage(`dataset=usage&by=feature&${range}`)
    assert.deepEqual(columns, ['window', 'feature', 'events', 'devices'])
    // (other) has 3 devices; jobs, the smallest beside it, keeps it from being the only one left.
    assert.deepEqual(rows, [
      ['2026-11-19T00:00:00Z', 'jobs', 22, 14],
      ['2026-11-19T00:00:00Z', 'dashboard', 20, 20],
      ['2026-11-20T00:00:00Z', 'dashboard', 35, 30],
    ])
    assert.equal(suppressed, 2)
  })

  it('shows the same by filter as by grouping', async () => {
    const grouped = await usage(`dataset=usage&by=version,feature&${range}`)
    for (const feature of ['dashboard', 'jobs', '(other)', 'no such']) {
      const filtered = await usage(`dataset=usage&by=version&where=feature:${encodeURIComponent(feature)}&${range}`)
      assert.deepEqual(
        filtered.rows,
        grouped.rows
          .filter((row) => row[2] === feature)
          .map(([window, version, , ...figures]) => [window, version, ...figures]),
      )
    }
    assert.deepEqual((await usage(`dataset=usage&where=feature:dashboard&where=feature:jobs&${range}`)).rows, [])
  })

  it('gives the same again from what it remembers of closed windows', async () => {
    const first = await usage(`dataset=usage&by=feature,version&${range}`)
    const fresh = await fixture.createReporting()
    const again = await fixture.get(`/api/v1/usage?dataset=usage&by=feature,version&${range}`, tokens.adminToken, fresh)
    assert.deepEqual(again.json(), first)
    assert.deepEqual(await usage(`dataset=usage&by=feature,version&${range}`), first)
    await fresh.drain()
  })

  it('limits the rows of each window, not of the answer', async () => {
    const { rows } = await usage(`dataset=usage&by=feature&limit=1&${range}`)
    assert.deepEqual(
      rows.map((row) => row.slice(0, 2)),
      [
        ['2026-11-19T00:00:00Z', 'jobs'],
        ['2026-11-20T00:00:00Z', 'dashboard'],
      ],
    )
  })

  it('takes the last 30 windows up to now without a range, and has no row for a window without cells', async () => {
    const { rows } = await usage('dataset=usage&metrics=events')
    assert.deepEqual(rows, [
      ['2026-11-19T00:00:00Z', 42],
      ['2026-11-20T00:00:00Z', 50],
    ])
    assert.deepEqual((await usage('dataset=usage&from=2026-11-21&to=2026-11-23')).rows, [])
    assert.deepEqual((await usage('dataset=usage&from=2026-11-19&to=2026-11-20')).rows.length, 1)
  })

  it('answers as CSV with what was left out in the headers', async () => {
    await writeFreshness(fixture.keyValue, 0, Date.parse('2026-11-23T10:14:59.250Z'))
    const answer = await fixture.get(`/api/v1/usage?dataset=usage&by=feature&format=csv&${range}`)
    assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8')
    assert.equal(answer.headers['x-headcount-suppressed'], '2')
    assert.equal(answer.headers['x-headcount-fresh-to'], '2026-11-23T10:14:59.250Z')
    assert.ok(answer.body.startsWith('window,feature,events,devices\r\n2026-11-19T00:00:00Z,jobs,22,14\r\n'))
    assert.equal((await usage(`dataset=usage&${range}`)).fresh_to, '2026-11-23T10:14:59.250Z')
    const freshness = await fixture.metrics.freshnessSeconds.get()
    assert.equal(freshness.values[0]?.value, 0.75)
  })

  it('reads minutes, and values with any character', async () => {
    const odd = { feature: 'x y%:&ü' }
    await fixture.insertOpen('hourly', 'minute', '2026-11-23T10:14:00Z', senders(0, 7, odd))
    const minutes = 'dataset=hourly&grain=minute&from=2026-11-23T10:14:00Z&to=2026-11-23T10:15:00Z'
    const expected = [['2026-11-23T10:14:00Z', 7, 7]]
    const once = encodeURIComponent('x y')
    const twice = encodeURIComponent(`feature:${encodeURIComponent(odd.feature)}`)
    assert.deepEqual((await usage(`${minutes}&where=${twice}`)).rows, expected)
    await fixture.insertOpen('hourly', 'minute', '2026-11-23T10:13:00Z', senders(0, 7, { feature: 'x y' }))
    for (const value of [once, 'x+y', encodeURIComponent(once)]) {
      const { rows } = await usage(`dataset=hourly&grain=minute&from=2026-11-23T10:13:00Z&where=feature:${value}`)
      assert.deepEqual(rows, [['2026-11-23T10:13:00Z', 7, 7]], value)
    }
    assert.match((await refusal(`${minutes}&where=feature:100%25`)).detail, /%/)
  })

  it('passes every value of a request as a parameter', async () => {
    const value = "'; DROP TABLE cells --"
    fixture.statements.length = 0
    const asked = `/api/v1/usage?dataset=usage&where=feature:${encodeURIComponent(value)}&${range}`
    assert.deepEqual((await fixture.get(asked, undefined, await fixture.createReporting())).json().rows, [])
    assert.ok(fixture.statements.length > 0)
    for (const { sql } of fixture.statements) assert.doesNotMatch(sql, /DROP|2026|'usage'|'day'/)
  })

  describe('with a set that is not declared', () => {
    const sized = (first: number, count: number, feature: string, variant: string): Seen[] =>
      senders(first, count, { feature, version: '2.0', variant }, { cpu: 4, events: 3 })
    before(async () => {
      const seen = [...sized(0, 9, 'dashboard', 'open'), ...sized(20, 7, 'jobs', 'open')]
      const withoutMeasure = senders(50, 6, { feature: 'jobs', version: '2.1', variant: 'enterprise' })
      await fixture.insertFinal('sizes', 'day', '2026-11-19T00:00:00Z', [...seen, ...withoutMeasure])
      await fixture.insertOpen('sizes', 'day', '2026-11-20T00:00:00Z', [...seen, ...withoutMeasure])
    })

    it('refuses devices and names the declared ones', async () => {
      const { type, detail, declared } = await refusal(`dataset=sizes&by=version,variant&${range}`)
      assert.equal(type, 'urn:headcount:problem:not-declared')
      assert.match(detail, /\[feature,version\]/)
      assert.ok(declared?.some((set) => set.join() === 'feature,version'))
      assert.equal((await refusal(`dataset=sizes&by=version&where=variant:open&${range}`)).type, type)
    })

    it('answers events and measures, of closed windows from the full set', async () => {
      const { columns, rows, suppressed } = await usage(`dataset=sizes&by=variant,version&metrics=cpu,events&${range}`)
      assert.deepEqual(columns, ['window', 'variant', 'version', 'cpu', 'events'])
      assert.deepEqual(rows, [
        ['2026-11-19T00:00:00Z', 'open', '2.0', 4, 48],
        ['2026-11-19T00:00:00Z', 'enterprise', '2.1', null, 6],
        ['2026-11-20T00:00:00Z', 'open', '2.0', 4, 48],
        ['2026-11-20T00:00:00Z', 'enterprise', '2.1', null, 6],
      ])
      assert.equal(suppressed, 0)
    })

    it('takes the largest cell of the full set for the devices that a closed cell has at least', async () => {
      const seen = ['dashboard', 'jobs'].flatMap((feature, index) => sized(index * 10, 4, feature, 'open'))
      await fixture.insertFinal('sizes', 'day', '2026-11-10T00:00:00Z', seen)
      await fixture.insertOpen('sizes', 'day', '2026-11-18T00:00:00Z', seen)
      const { rows, suppressed } = await usage(
        'dataset=sizes&by=version,variant&metrics=events&from=2026-11-10&to=2026-11-19',
      )
      assert.deepEqual(rows, [['2026-11-18T00:00:00Z', '2.0', 'open', 24]])
      assert.equal(suppressed, 1)
    })
  })

  describe('by week', () => {
    before(async () => {
      // Senders without an identifier are in the days only: the week knows of two devices.
      await fixture.insertOpen('usage', 'week', '2026-11-09T00:00:00Z', [
        ...senders(0, 2, dashboard, { events: 10 }),
        ...senders(0, 2, jobs, { events: 3 }),
      ])
      await fixture.insertFinal('usage', 'day', '2026-11-09T00:00:00Z', [
        ...senders(0, 7, dashboard),
        ...senders(0, 3, jobs),
      ])
      await fixture.insertOpen('usage', 'day', '2026-11-15T00:00:00Z', [
        ...senders(0, 3, dashboard),
        ...senders(0, 3, jobs),
      ])
      // Of the week after.
      await fixture.insertOpen('usage', 'day', '2026-11-16T00:00:00Z', senders(0, 50, jobs))
    })

    it('tests k against the largest day, and shows the identified devices', async () => {
      const week = 'dataset=usage&grain=week&from=2026-11-09&to=2026-11-16'
      assert.deepEqual((await usage(week)).rows, [['2026-11-09T00:00:00Z', 26, 2]])
      const { rows, suppressed } = await usage(`${week}&by=feature`)
      assert.deepEqual(rows, [])
      assert.equal(suppressed, 2)
    })

    it('starts weeks on Monday and months on the first', async () => {
      const { detail, valid } = await refusal('dataset=usage&grain=week&from=2026-11-11&to=2026-11-16')
      assert.deepEqual(valid, ['2026-11-09T00:00:00Z', '2026-11-16T00:00:00Z'])
      assert.match(detail, /2026-11-09T00:00:00Z and 2026-11-16T00:00:00Z/)
      assert.deepEqual((await refusal('dataset=usage&grain=month&from=2026-11-02')).valid, [
        '2026-11-01T00:00:00Z',
        '2026-12-01T00:00:00Z',
      ])
    })
  })

  it('settles a large window by the table asked for, with its coarser ones', async () => {
    const many = Array.from({ length: 1100 }, (_, index) =>
      senders(index * 20, index % 10 === 0 ? 2 : 8, {
        feature: `f${index % 40}`,
        version: `${Math.floor(index / 40)}.0`,
      }),
    ).flat()
    await fixture.insertFinal('usage', 'day', '2026-10-01T00:00:00Z', many)
    const day = 'dataset=usage&from=2026-10-01&to=2026-10-02'
    const fine = await usage(`${day}&by=feature,version`)
    assert.equal(fine.rows.length + fine.suppressed, 1100)
    assert.ok(fine.suppressed > 110)
    assert.ok(fine.rows.every((row) => Number(row[4]) >= 5))
    assert.equal((await usage(`${day}&by=feature`)).rows.length, 40)
  })

  it('answers no question without the analyst or the admin token', async () => {
    for (const token of ['', tokens.writeKey, 'x']) {
      const answer = await fixture.get('/api/v1/usage?dataset=usage', token)
      assert.equal(answer.statusCode, 401)
      assert.equal(answer.headers['www-authenticate'], 'Bearer realm="headcount"')
      assert.equal(answer.headers['content-type'], 'application/problem+json')
    }
    assert.equal((await fixture.get('/api/v1/usage?dataset=usage', tokens.adminToken)).statusCode, 200)
  })

  it('lists the datasets', async () => {
    const { datasets } = (await fixture.get('/api/v1/datasets')).json() as { datasets: Record<string, unknown>[] }
    assert.deepEqual(datasets[0], {
      id: 'usage',
      title: 'Usage',
      dimensions: ['feature', 'version'],
      measures: [],
      grains: ['minute', 'hour', 'day', 'week', 'month'],
      audience: 'analysts',
      by: [[], ['feature'], ['version'], ['feature', 'version']],
      k: 5,
    })
  })
})
