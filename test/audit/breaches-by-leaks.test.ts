import { appendFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, before, it } from 'node:test'
import type { Engines } from '../../services/headcount.ts'
import { describeAudited } from './audited-installation.ts'
import { assertOnlyFailed, assertPassed } from './auditor.ts'
import { tellingRecords } from './planted-in-stores.ts'

/** What is done with every record that the collector appends; nothing between two tests. */
let leak: ((identifier: string, record: Buffer) => Promise<unknown>) | undefined
const tell = async (identifier: string, record: Buffer) => void (await leak?.(identifier, record))
const leaking = {
  wrapEngines: (engines: Engines) => ({ ...engines, log: tellingRecords(engines.log, tell) }),
}

describeAudited('an identifier that leaks from the event log makes exactly its line fail:', leaking, (suite) => {
  let logFile = ''
  before(async () => {
    logFile = path.join(path.dirname(suite.audited.dir), 'headcount.log')
    await appendFile(logFile, '{"level":30,"msg":"the collector takes events"}\n')
  })
  afterEach(() => {
    leak = undefined
  })
  const audit = () => suite.audit({ log: [logFile] })

  it('none, while nothing leaks; log lines were looked at', async () => {
    assertPassed(await audit())
  })

  it('canary-key-value, into an entry', async () => {
    const { keyValue } = suite.audited.headcount.engines
    leak = (_, record) => keyValue.put('known-values/last', record)
    assertOnlyFailed(await audit(), 'canary-key-value', /found in the entry known-values\/last/)
  })

  it('canary-tables, into a dimension of a cell', async () => {
    const { warehouse } = suite.audited.headcount.engines
    leak = (identifier) =>
      warehouse.command(
        "INSERT INTO cells (dataset, grain, stage, by, window, kp, log, d_version, events, devices, units) SELECT 'usage', 'day', 'final', 'version', toStartOfDay(now('UTC')), '', '', {identifier:String}, 1, 1, CAST([] AS Array(UInt64))",
        { identifier },
      )
    assertOnlyFailed(await audit(), 'canary-tables', /found in \d+ rows of default.cells/)
  })

  it('canary-files, into a scratch file, as base64', async () => {
    leak = (_, record) => appendFile(path.join(suite.audited.dir, 'scratch', 'last'), record.toString('base64'))
    assertOnlyFailed(await audit(), 'canary-files', /found in the file scratch\/last/)
  })

  it('canary-logs, into a log line', async () => {
    leak = (identifier) => appendFile(logFile, `{"level":30,"device":"${identifier}"}\n`)
    assertOnlyFailed(await audit(), 'canary-logs', /found in the file .*headcount\.log/)
  })
})

// Where the auditor's settings, and the catalogue, say five.
const showingAll = { settings: { HEADCOUNT_K: '1' } }
describeAudited('what reporting shows makes exactly its line fail:', showingAll, (suite) => {
  it('suppression, by cells of one device', async () => {
    const { collectorUrl, credentials } = suite.audited.headcount
    const event = { id: 'alone-1', time: new Date().toISOString(), feature: 'jobs', device: 'alone' }
    const headers = { authorization: `Bearer ${credentials.writeKey}` }
    const body = JSON.stringify({ events: [event] })
    await fetch(`${collectorUrl}/v1/events`, { method: 'POST', headers, body })
    // Counted before the audit looks: its own canaries come after it in the log.
    assertOnlyFailed(await suite.audit(), 'suppression', /1 rows of usage by feature with fewer than 5/)
  })
})
