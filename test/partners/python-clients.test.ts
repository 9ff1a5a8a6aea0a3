import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { installMs, pythonWith } from '../fixtures/python.ts'
import { PartnerFixture, usageRows } from './partner-fixture.ts'

const folder = path.join(import.meta.dirname, 'python')
const loadMs = 120_000

describe('pandas, pyarrow, DuckDB and delta-sharing', () => {
  const fixture = new PartnerFixture({ env: { HEADCOUNT_PARTNER_REQUESTS_PER_MINUTE: '1000' } })
  before(() => fixture.open())
  after(() => fixture.close())

  it('load the same rows from every format', { timeout: installMs + loadMs }, async (context) => {
    const python = await pythonWith(path.join(folder, 'requirements.txt'))
    if (python === undefined) return context.skip('no Python with the packages')
    await fixture.release('usage', '2026-11-22', usageRows.slice(2))
    await fixture.release('usage', '2026-11-23', usageRows)
    const { key } = await fixture.partner('ACME', ['usage'])
    const url = await fixture.reporting.listen()
    const env = { ...process.env, HEADCOUNT_KEY: key, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' }
    const args = [path.join(folder, 'load.py'), url, 'usage', '2026-11-23']
    const { stdout } = await promisify(execFile)(python, args, { env, timeout: loadMs })
    const { columns, rows, ways, delta } = JSON.parse(stdout)
    assert.deepEqual(columns, ['level', 'feature', 'version', 'devices', 'events', 'flags'])
    assert.deepEqual(
      rows,
      usageRows.map(({ level, values, devices, sums, flags }) => [
        level,
        ...values,
        Number(devices),
        ...sums.map((one) => (one === null ? null : Number(one))),
        flags.length === 0 ? null : flags.join(' '),
      ]),
    )
    assert.equal(ways.length, 13)
    assert.deepEqual(delta, {
      tables: ['headcount.releases.usage'],
      version: 2,
      days: ['2026-11-22', '2026-11-23'],
      rows: usageRows.length * 2 - 2,
      limited: 3,
      'first version': usageRows.length - 2,
      columns: ['day', ...columns],
    })
    const read = new Set((await fixture.reads()).map(({ what, format = '' }) => `${what} ${format}`.trim()))
    for (const one of ['manifest', 'file csv', 'file ndjson', 'file parquet', 'file arrow', 'link csv', 'delta'])
      assert.ok(read.has(one), one)
  })
})
