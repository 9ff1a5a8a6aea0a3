import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { profileFor } from '../../services/reporting/delta-sharing/profile.ts'
import { PartnerFixture, usageRows } from './partner-fixture.ts'

const table = 'delta/shares/headcount/schemas/releases/tables/usage'

describe('Delta Sharing', () => {
  const fixture = new PartnerFixture({ env: { HEADCOUNT_PARTNER_REQUESTS_PER_MINUTE: '1000' } })
  let key = ''
  before(async () => {
    await fixture.open()
    ;({ key } = await fixture.partner('ACME', ['usage', 'variants']))
    // Published in another order than that of their days.
    for (const day of ['2026-11-22', '2026-11-20', '2026-11-23']) {
      await fixture.release('usage', day, usageRows)
      fixture.clock.advance(3_600_000)
    }
    await fixture.release('usage', '2026-11-24', usageRows, 'SEALED')
  })
  after(() => fixture.close())
  const get = (path: string, headers: Record<string, string> = {}) => fixture.ask(path, key, { headers })
  const query = (body: object, headers: Record<string, string> = {}) =>
    fixture.ask(`${table}/query`, key, { method: 'POST', payload: body, headers })
  const linesOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  const daysOf = (text: string) =>
    linesOf(text)
      .slice(2)
      .map(({ file }) => file.partitionValues.day)

  it('lists in pages, on one line', async () => {
    const first = await get('delta/shares/headcount/all-tables?maxResults=1')
    assert.equal(first.body.trimEnd().split('\n').length, 1)
    const { items, nextPageToken } = first.json()
    assert.deepEqual(items, [{ name: 'usage', schema: 'releases', share: 'headcount', shareId: 'headcount' }])
    const second = (await get(`delta/shares/headcount/all-tables?maxResults=1&pageToken=${nextPageToken}`)).json()
    assert.deepEqual(
      second.items.map(({ name }: { name: string }) => name),
      ['variants'],
    )
    assert.equal(second.nextPageToken, undefined)
    assert.deepEqual((await get('delta/shares?maxResults=0')).json(), { items: [] })
    for (const wrong of ['maxResults=x', 'pageToken=x'])
      assert.equal((await get(`delta/shares?${wrong}`)).statusCode, 400, wrong)
  })

  it('takes names in any case', async () => {
    const answer = await get('delta/shares/HeadCount/schemas/RELEASES/tables/Usage/version')
    assert.equal(answer.headers['delta-table-version'], '3')
  })

  it('describes a table by the columns of its newest release, and one without any by the catalogue', async () => {
    const answer = await get(`${table}/metadata`)
    assert.equal(answer.headers['delta-table-version'], '3')
    assert.equal(answer.headers['delta-sharing-capabilities'], 'responseformat=parquet')
    const [{ protocol }, { metaData }] = linesOf(answer.body)
    assert.deepEqual(protocol, { minReaderVersion: 1 })
    assert.deepEqual(metaData.partitionColumns, ['day'])
    assert.deepEqual(
      JSON.parse(metaData.schemaString).fields.map((one: { name: string; type: string }) => `${one.name} ${one.type}`),
      ['day date', 'level string', 'feature string', 'version string', 'devices long', 'events long', 'flags string'],
    )
    const empty = await get(`${table.replace(/usage$/, 'variants')}/metadata`)
    assert.equal(empty.headers['delta-table-version'], '0')
    assert.match(empty.body, /variant/)
  })

  it('gives a file for each published day, whose link gives its bytes', async () => {
    const answer = await query({ predicateHints: ["day = '2026-11-22'"], jsonPredicateHints: '{}' })
    assert.deepEqual(daysOf(answer.body), ['2026-11-20', '2026-11-22', '2026-11-23'])
    const { file } = linesOf(answer.body)[2]
    const bytes = await fixture.ask(new URL(file.url).pathname, '')
    assert.equal(bytes.rawPayload.length, file.size)
    assert.equal(bytes.rawPayload.subarray(0, 4).toString(), 'PAR1')
    assert.equal(file.expirationTimestamp, fixture.clock.now() + 15 * 60_000)
    assert.deepEqual(JSON.parse(file.stats), { numRecords: usageRows.length })
    assert.equal(linesOf((await query({})).body)[2].file.id, file.id)
  })

  it('leaves out files that a limit does not need', async () => {
    for (const [limitHint, files] of [
      [0, 1],
      [usageRows.length, 1],
      [usageRows.length + 1, 2],
      [1e9, 3],
    ] as const)
      assert.equal(daysOf((await query({ limitHint })).body).length, files, String(limitHint))
  })

  it('gives earlier versions, in the order of publication', async () => {
    const at = async (asked: object) => daysOf((await query(asked)).body)
    assert.deepEqual(await at({ version: 2 }), ['2026-11-20', '2026-11-22'])
    assert.deepEqual(await at({ version: 0 }), [])
    assert.deepEqual(await at({ timestamp: '2026-11-25T10:15:00Z' }), ['2026-11-22'])
    const version = async (when: string) =>
      (await get(`${table}/version?startingTimestamp=${when}`)).headers['delta-table-version']
    assert.equal(await version('2026-11-25T00:00:00Z'), '1')
    assert.equal(await version('2026-11-25T10:15:00Z'), '1')
    assert.equal(await version('2026-11-25T10:15:01Z'), '2')
    assert.equal((await get(`${table}/version?startingTimestamp=2026-12-25T00:00:00Z`)).statusCode, 400)
    for (const wrong of [
      { version: 4 },
      { version: '1' },
      { timestamp: 'x' },
      { startingVersion: 1 },
      { version: 1, timestamp: 'x' },
    ])
      assert.equal((await query(wrong)).statusCode, 400, JSON.stringify(wrong))
  })

  it('answers in its own form of errors, and refuses a form that it does not have', async () => {
    for (const [answer, status, code] of [
      [await fixture.ask('delta/shares', ''), 401, 'UNAUTHENTICATED'],
      [await get('delta/shares/other'), 404, 'RESOURCE_DOES_NOT_EXIST'],
      [await query({}, { 'delta-sharing-capabilities': 'responseformat=delta' }), 400, 'INVALID_PARAMETER_VALUE'],
      [await fixture.ask(`${table}/query`, key, { method: 'POST', payload: '[' }), 400, 'INVALID_PARAMETER_VALUE'],
    ] as const) {
      assert.equal(answer.statusCode, status)
      assert.deepEqual(Object.keys(answer.json()), ['errorCode', 'message'])
      assert.equal(answer.json().errorCode, code)
    }
    const both = await query({}, { 'delta-sharing-capabilities': 'responseformat=delta,parquet;readerfeatures=x' })
    assert.equal(both.statusCode, 200)
  })

  it('has a profile file as its clients read it', () => {
    assert.deepEqual(profileFor('https://reports.example', 'hcp_x', '2027-01-01T00:00:00.000Z'), {
      shareCredentialsVersion: 1,
      endpoint: 'https://reports.example/partner/v1/delta/',
      bearerToken: 'hcp_x',
      expirationTime: '2027-01-01T00:00:00.000Z',
    })
  })
})
