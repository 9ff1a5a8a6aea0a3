/** What reporting keeps in memory of windows never shows: an answer is the same as from a server that remembers nothing. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Reporting } from '../../../services/reporting/server.ts'
import { windowStart } from '../../../shared/window.ts'
import { seeded } from '../../bench/bench-events.ts'
import { ReportingFixture, type Seen } from './reporting-fixture.ts'

const cell = { feature: 'dashboard', version: '2.0' }
const senders = (count: number, first = 0): Seen[] =>
  Array.from({ length: count }, (_, at) => ({ unit: first + at + 1, cell }))

describe('windows in memory', () => {
  const fixture = new ReportingFixture()
  before(async () => {
    await fixture.open()
    // Two closed months, so that no window beside it is open.
    for (const grain of ['day', 'week', 'month'] as const) {
      const start = { day: '2026-09-09', week: '2026-09-07', month: '2026-09-01' }[grain]
      await fixture.insertFinal('usage', grain, `${start}T00:00:00Z`, senders(20))
    }
  })
  after(() => fixture.close())

  const rows = async (query: string, from: Reporting = fixture.reporting): Promise<unknown[][]> => {
    const answer = await fixture.get(`/api/v1/usage?dataset=usage&${query}`, undefined, from)
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json().rows
  }
  /** Statements that read cells or count them, while something is done. */
  const readings = async (act: () => Promise<unknown>): Promise<number> => {
    fixture.statements.length = 0
    await act()
    return fixture.statements.filter(({ sql }) => sql.includes(' AS part')).length
  }
  const september = 'grain=day&from=2026-09-01&to=2026-10-01'
  const today = 'grain=day&from=2026-11-23&to=2026-11-24'

  it('cells of a closed window are read once, and not for a filter on what was read', async () => {
    const first = await readings(() => rows(`by=feature,version&${september}`))
    assert.ok(first > 0, 'the first question reads')
    assert.equal(await readings(() => rows(`by=feature,version&${september}`)), 0)
    assert.equal(await readings(() => rows(`by=feature,version&where=feature:jobs&${september}`)), 0)
  })

  it('an event that is added to an open window is in the next answer', async () => {
    for (let count = 10; count <= 30; count += 10) {
      for (const grain of ['day', 'week', 'month'] as const) {
        const start = { day: '2026-11-23', week: '2026-11-23', month: '2026-11-01' }[grain]
        await fixture.insertOpen('usage', grain, `${start}T00:00:00Z`, senders(10, count - 10))
      }
      assert.deepEqual(await rows(`by=feature&${today}`), [['2026-11-23T00:00:00Z', 'dashboard', count, count]])
      assert.equal(await readings(() => rows(`by=feature&${today}`)), 0, 'nothing was added, nothing is read')
    }
  })

  it('an event of a known sender changes the events and not the devices', async () => {
    await fixture.insertOpen('usage', 'day', '2026-11-23T00:00:00Z', senders(1))
    assert.deepEqual(await rows(`by=feature&${today}`), [['2026-11-23T00:00:00Z', 'dashboard', 31, 30]])
  })

  it('a window that becomes final is told by its final cells', async () => {
    await fixture.insertFinal('usage', 'day', '2026-11-23T00:00:00Z', senders(40))
    assert.deepEqual(await rows(`by=feature&${today}`), [['2026-11-23T00:00:00Z', 'dashboard', 40, 40]])
  })

  it('a window that becomes final while it is read is told by its final cells, to all who ask meanwhile', async () => {
    await fixture.insertOpen('usage', 'day', '2026-11-18T00:00:00Z', senders(15))
    const reader = await fixture.warehouse.reader()
    let closing: Promise<void> | undefined
    const late = await fixture.createReporting({
      select: async (sql, params) => {
        // Its cells are read when it is known that it is open: now it is closed, and its open rows go.
        if (sql.includes(' AS part') && sql.includes("stage = 'open'")) {
          closing ??= (async () => {
            await fixture.insertFinal('usage', 'day', '2026-11-18T00:00:00Z', senders(20))
            await fixture.warehouse.command(
              "ALTER TABLE cells DELETE WHERE stage = 'open' AND toDate(window) = '2026-11-18' SETTINGS mutations_sync = 2",
            )
          })()
          await closing
        }
        return reader.select(sql, params)
      },
      close: () => reader.close(),
    })
    const that = 'grain=day&from=2026-11-18&to=2026-11-19'
    const asked = Array.from({ length: 6 }, async (_, at) => {
      await new Promise((resolve) => setTimeout(resolve, at * 15))
      return rows(`by=feature&${that}`, late)
    })
    for (const answer of await Promise.all(asked))
      assert.deepEqual(answer, [['2026-11-18T00:00:00Z', 'dashboard', 20, 20]])
    assert.ok(closing, 'it was read as an open one first')
    await reader.close()
  })

  it('where nobody else writes, nothing at all is asked of the tables until something is written', async () => {
    const statements = async (query: string) => {
      fixture.statements.length = 0
      const found = await rows(query)
      return { found, asked: fixture.statements.length }
    }
    const hour = 'by=feature&grain=hour&from=2026-11-23T09:00:00Z&to=2026-11-23T10:00:00Z'
    for (const query of [`by=feature&${today}`, hour]) {
      await rows(query)
      assert.equal((await statements(query)).asked, 0, query)
    }
    await fixture.insertOpen('usage', 'hour', '2026-11-23T09:00:00Z', senders(25))
    const { found, asked } = await statements(hour)
    assert.ok(asked > 0)
    assert.deepEqual(found, [['2026-11-23T09:00:00Z', 'dashboard', 25, 25]])
    await fixture.warehouse.command("ALTER TABLE cells DELETE WHERE grain = 'hour' SETTINGS mutations_sync = 2")
    assert.deepEqual(await rows(hour), [])
  })

  it('where others write as well, it is asked each time', async () => {
    const reader = await fixture.warehouse.reader()
    const shared = await fixture.createReporting({
      select: (sql, params) => reader.select(sql, params),
      close: () => reader.close(),
    })
    await rows(`by=feature&${today}`, shared)
    fixture.statements.length = 0
    await rows(`by=feature&${today}`, shared)
    assert.ok(fixture.statements.length > 0)
    await reader.close()
  })

  it('answers are those of a server that remembers nothing', async () => {
    for (const query of [`by=feature,version&${september}`, `by=version&${today}`, 'grain=month&from=2026-09-01'])
      assert.deepEqual(await rows(query), await rows(query, await fixture.createReporting()))
  })

  describe('while events come in and windows close', () => {
    const features = ['dashboard', 'jobs']
    const versions = ['2.0', '2.1', '1.13']
    const days = Array.from({ length: 20 }, (_, at) => new Date(Date.UTC(2026, 9, 19 + at)))
    const closed = new Set<number>()
    /** What senders did so far, by day. */
    const seen = days.map((): Seen[] => [])
    const random = seeded(26)
    const below = (count: number) => Math.floor(random() * count)
    const report = (): Seen => ({
      unit: 1 + below(40),
      cell: { feature: features[below(2)]!, version: versions[Math.min(below(3), below(3))]! },
      events: 1 + below(3),
    })
    const startOf = (grain: 'day' | 'week' | 'month', day: Date) =>
      new Date(windowStart(grain, day.getTime())).toISOString()
    const queries = [
      '',
      'by=feature',
      'by=feature,version',
      'by=version&where=feature:jobs',
      'by=feature&where=version:2.1',
    ]
      .flatMap((query) => [
        `${query}&grain=day`,
        `${query}&grain=day&totals=true`,
        `${query}&grain=week`,
        `${query}&grain=month`,
      ])
      .map((query) => {
        const from = query.includes('week') ? '2026-10-19' : query.includes('month') ? '2026-10-01' : '2026-10-20'
        return `/api/v1/usage?dataset=usage&${query}&from=${from}&to=2026-11-06`
      })
    const answers = async (from: Reporting) => {
      const found: unknown[] = []
      for (const query of queries) {
        const { columns, rows: shown, suppressed_in } = (await fixture.get(query, undefined, from)).json()
        found.push({ query, columns, shown, suppressed_in })
      }
      return found
    }
    /** One of: events of an open day, or the close of the oldest one. */
    const happen = async () => {
      const first = days.findIndex((_, at) => !closed.has(at))
      if (random() < 0.5 && first < 16) {
        closed.add(first)
        if (seen[first]!.length > 0)
          await fixture.insertFinal('usage', 'day', startOf('day', days[first]!), seen[first]!)
        return
      }
      const at = first + below(days.length - first)
      const some = Array.from({ length: 1 + below(12) }, report)
      seen[at]!.push(...some)
      for (const grain of ['day', 'week', 'month'] as const)
        await fixture.insertOpen('usage', grain, startOf(grain, days[at]!), some)
    }

    it('each answer is that of a server that remembers nothing, also by those that write to the tables with others', async () => {
      const reader = await fixture.warehouse.reader()
      const shared = await fixture.createReporting({
        select: (sql, params) => reader.select(sql, params),
        close: () => reader.close(),
      })
      for (let round = 0; round < 8; round++) {
        for (let more = 0; more < 3; more++) await happen()
        const fresh = await answers(await fixture.createReporting())
        assert.deepEqual(await answers(fixture.reporting), fresh, `round ${round}`)
        assert.deepEqual(await answers(shared), fresh, `round ${round}, shared`)
      }
      await reader.close()
    })

    it('the control: a server that is not told of what is written gives old answers', async () => {
      const reader = await fixture.warehouse.reader()
      const deaf = await fixture.createReporting({
        select: (sql, params) => reader.select(sql, params),
        written: 1,
        close: () => reader.close(),
      })
      await answers(deaf)
      for (let more = 0; more < 12; more++) await happen()
      assert.notDeepEqual(await answers(deaf), await answers(await fixture.createReporting()))
      await reader.close()
    })
  })
})
