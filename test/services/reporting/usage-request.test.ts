import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseUsageRequest, type UsageRequest } from '../../../services/reporting/usage-request.ts'
import { parseCatalogue } from '../../../shared/catalogue-file.ts'
import { ProblemError } from '../../../shared/http/problem.ts'
import { catalogueText } from './reporting-fixture.ts'

const catalogue = parseCatalogue(catalogueText, 'test.yaml')
const now = Date.parse('2026-11-23T10:15:30Z')
const time = (moment: number) => new Date(moment).toISOString()

function parse(query: Record<string, string | string[]>): UsageRequest {
  return parseUsageRequest({ dataset: 'usage', ...query }, catalogue, now)
}

function refusal(query: Record<string, string | string[]>): { detail: string; valid?: string[] } {
  try {
    parse(query)
  } catch (error) {
    assert.ok(error instanceof ProblemError)
    assert.equal(error.problem.status, 400)
    return error.problem as unknown as { detail: string; valid?: string[] }
  }
  assert.fail('no problem')
}

describe('usage request', () => {
  it('has a default for everything but the dataset', () => {
    const { metrics, by, where, grain, from, to, limit, format } = parse({})
    assert.deepEqual(
      { metrics, by, where, grain, limit, format },
      {
        metrics: ['events', 'devices'],
        by: [],
        where: [],
        grain: 'day',
        limit: undefined,
        format: 'json',
      },
    )
    assert.equal(time(from), '2026-10-25T00:00:00.000Z')
    assert.equal(to, now)
  })

  it('takes the last 30 windows of every grain, the running one included', () => {
    const starts = {
      minute: '2026-11-23T09:46',
      hour: '2026-11-22T05:00',
      week: '2026-05-04T00:00',
      month: '2024-06-01T00:00',
    }
    for (const [grain, start] of Object.entries(starts)) assert.equal(time(parse({ grain }).from).slice(0, 16), start)
    assert.equal(time(parse({ to: '2026-11-23' }).from), '2026-10-24T00:00:00.000Z')
    assert.equal(parse({ to: '1970-01-03' }).from, 0)
  })

  it('reads dates and RFC 3339 with an offset, also one whose plus sign became a space', () => {
    for (const from of ['2026-11-02', '2026-11-02T00:00:00Z', '2026-11-02T01:00:00+01:00', '2026-11-02T01:00:00 01:00'])
      assert.equal(time(parse({ from }).from), '2026-11-02T00:00:00.000Z')
  })

  it('refuses times that are none, or that no table can hold', () => {
    for (const from of ['', 'yesterday', '2026-02-30', '2026-11-02T00:00:00', '1969-12-31', '2106-01-01', '20261102'])
      assert.match(refusal({ from }).detail, /`from` must be RFC 3339 or a date/)
  })

  it('names the nearest starts when from is not one', () => {
    assert.deepEqual(refusal({ from: '2026-11-02T10:20:30Z', grain: 'hour' }).valid, [
      '2026-11-02T10:00:00Z',
      '2026-11-02T11:00:00Z',
    ])
    assert.deepEqual(refusal({ from: '2026-11-02T10:20:30.5Z', grain: 'minute' }).valid, [
      '2026-11-02T10:20:00Z',
      '2026-11-02T10:21:00Z',
    ])
  })

  it('wants from before to, and a bounded number of windows', () => {
    assert.match(refusal({ from: '2026-11-02', to: '2026-11-02' }).detail, /must be before/)
    assert.match(refusal({ from: '2026-11-30' }).detail, /must be before/)
    assert.match(refusal({ from: '2026-01-01', grain: 'minute' }).detail, /more than 10000 windows/)
    assert.equal(parse({ from: '2026-11-16T11:36:00Z', to: '2026-11-23T10:16:00Z', grain: 'minute' }).grain, 'minute')
  })

  it('names what there is when a name is not known', () => {
    assert.deepEqual(refusal({ dataset: 'nope' }).valid, ['usage', 'sizes', 'hourly'])
    assert.deepEqual(refusal({ by: 'feature,nope' }).valid, ['feature', 'version'])
    assert.deepEqual(refusal({ where: 'nope:x' }).valid, ['feature', 'version'])
    assert.deepEqual(refusal({ metrics: 'cpu' }).valid, ['events', 'devices'])
    assert.deepEqual(refusal({ dataset: 'hourly', grain: 'day' }).valid, ['minute', 'hour'])
    assert.deepEqual(refusal({ format: 'xml' }).valid, ['json', 'csv'])
    assert.match(refusal({ colour: 'red' }).detail, /no parameter "colour"/)
    assert.equal(parse({ dataset: 'hourly' }).grain, 'minute')
    assert.match(refusal({ by: '__proto__' }).detail, /no dimension/)
  })

  it('says names back short and plain only', () => {
    const { detail } = refusal({ dataset: `<script>"${'colour_'.repeat(70)}` })
    assert.match(detail, /"\?script\?\?(colour_){4}col"/)
  })

  it('takes a single parameter once, lists without doubles, and where as often as needed', () => {
    assert.match(refusal({ grain: ['day', 'day'] }).detail, /more than once/)
    assert.match(refusal({ by: 'feature,feature' }).detail, /twice/)
    assert.match(refusal({ metrics: '' }).detail, /empty/)
    assert.deepEqual(parse({ where: ['feature:a', 'feature:b'] }).where.length, 2)
    assert.match(refusal({ where: Array.from({ length: 21 }, () => 'feature:a') }).detail, /at most 20/)
  })

  it('decodes the value of where once more, and refuses a stray percent sign', () => {
    const value = (where: string) => parse({ where }).where[0]?.value
    assert.equal(value('feature:x%20y'), 'x y')
    assert.equal(value('feature:x y'), 'x y')
    assert.equal(value('feature:a:b'), 'a:b')
    assert.equal(value('feature:'), '')
    for (const where of ['feature:100%', 'feature:%zz', 'feature:%ff']) assert.match(refusal({ where }).detail, /%/)
    assert.match(refusal({ where: 'feature' }).detail, /dimension:value/)
  })

  it('takes every other value with !:, of which devices and means cannot be added up', () => {
    const { where } = parse({ where: 'feature!:a!:b', metrics: 'events' })
    assert.deepEqual(where, [{ dimension: 'feature', value: 'a!:b', isNot: true }])
    assert.match(refusal({ where: 'feature!:a' }).detail, /cannot be added up.*`by`.*metrics=events/)
    assert.equal(parse({ where: 'feature!:a', by: 'feature' }).metrics.length, 2)
    assert.deepEqual(refusal({ where: '!:a' }).valid, ['feature', 'version'])
  })

  it('takes whole limits from 1 to 10000', () => {
    assert.equal(parse({ limit: '10000' }).limit, 10_000)
    for (const limit of ['0', '-1', '1.5', '10001', '1e3', '']) assert.match(refusal({ limit }).detail, /`limit`/)
  })

  it('reads the table over by and where, in the order of the dataset', () => {
    const request = parse({ by: 'version', where: 'feature:dashboard' })
    assert.deepEqual(request.dimensions, ['feature', 'version'])
    assert.deepEqual(request.by, ['version'])
  })
})
