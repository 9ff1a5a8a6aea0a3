import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { dashboardModel } from '../../../services/reporting/dashboard/dashboard-model.ts'
import { firstQuestions } from '../../../services/reporting/dashboard/first-questions.ts'
import { UsageDesk } from '../../../services/reporting/usage-desk.ts'
import { invalid } from '../../../services/reporting/usage-request.ts'
import { WarmUp } from '../../../services/reporting/warm-up.ts'
import type { WarehouseReader } from '../../../shared/warehouse/port.ts'
import { dayMs } from '../../../shared/window.ts'
import { ReportingFixture, senders, tokens } from './reporting-fixture.ts'

const k = 5

describe('warming up', () => {
  const fixture = new ReportingFixture()
  const statements: string[] = []
  let reader: WarehouseReader
  let desk: UsageDesk
  const warmUp = () => new WarmUp({ ...fixture, desk, k })
  const insertDays = async (count: number, first: string) => {
    for (let at = 0; at < count; at++) {
      const day = new Date(Date.parse(first) + at * dayMs).toISOString()
      const cells = [
        ...senders(0, 20 + at, { feature: 'dashboard', version: '2.0' }),
        ...senders(50, 9, { feature: 'jobs', version: '2.1' }),
      ]
      await fixture.insertFinal('usage', 'day', day, cells)
    }
  }
  /** Statements that read cells, while something is done. */
  const readings = async (act: () => Promise<unknown>): Promise<number> => {
    statements.length = 0
    await act()
    return statements.filter((sql) => sql.includes(' AS part')).length
  }
  before(async () => {
    await fixture.open()
    const own = await fixture.warehouse.reader()
    reader = {
      select: (sql, params) => {
        statements.push(sql)
        return own.select(sql, params)
      },
      close: () => own.close(),
    }
    desk = new UsageDesk({ ...fixture, reader, k })
    await insertDays(5, '2026-11-18T00:00:00Z')
  })
  after(async () => {
    await reader.close()
    await fixture.close()
  })

  it('asks nothing where there is little to read', async () => {
    assert.equal(await warmUp().askAll(), 0)
  })

  it('reads what the dashboard asks first, so that whoever asks it reads nothing', async () => {
    await insertDays(25, '2026-10-24T00:00:00Z')
    const asked = firstQuestions(dashboardModel(fixture.catalogue, k), fixture.clock.now())
    assert.ok(asked.some((query) => query.includes('by=feature') && query.includes('grain=day')))
    assert.ok((await readings(async () => assert.equal(await warmUp().askAll(), asked.length))) > 0)
    assert.equal(await readings(() => warmUp().askAll()), 0)
    const { app } = await fixture.createReporting(reader)
    const answer = async (query: string) =>
      (await app.inject({ url: `/api/v1/usage?${query}`, headers: { authorization: `Bearer ${tokens.analystToken}` } }))
        .statusCode
    for (const query of asked) assert.equal(await answer(query), 200, query)
  })

  it('passes over what is refused', async () => {
    const asked = firstQuestions(dashboardModel(fixture.catalogue, k), fixture.clock.now()).length
    let refused = 0
    const narrow = new UsageDesk({ ...fixture, reader, k })
    narrow.answerInTurn = async () => {
      refused++
      throw invalid('too much')
    }
    assert.equal(await new WarmUp({ ...fixture, desk: narrow, k }).askAll(), asked)
    assert.equal(refused, asked)
  })

  it('stops in the middle, and is not begun by who stops it', async () => {
    const stopped = warmUp()
    stopped.start()
    await stopped.stop()
    assert.equal(await stopped.askAll(), 0)
    const never = warmUp()
    await never.stop()
  })
})
