/**
 * collect-browser: "the type of browser or device you are using". Of a user agent a browser family, a system family and a
 * type of device are kept, each from a closed list; the text itself is in no table and no store.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { classifyClient } from '../../services/worker/classify-client.ts'
import { browsers, deviceTypes, systems } from '../../shared/client-values.ts'
import { cellsTable, insertColumns } from '../../shared/warehouse/schema.ts'
import { agentOf, knownAgents, publishedAgents } from '../fixtures/user-agents.ts'
import { askEverything } from '../privacy/answers.ts'
import { makeCanary, type Needle, needlesOf } from '../privacy/canary.ts'
import { NeedleSearch } from '../privacy/needle-search.ts'
import { type Finding, rawLogFolder, scanBytes, scanFiles, scanRows } from '../privacy/scan.ts'
import { startTime, WholeInstallation } from '../privacy/whole-installation.ts'

const canary = makeCanary('user agent', (core) =>
  agentOf('(X11; Linux x86_64)', `Chrome/131.0.0.0 ${core}/1.0 Safari/537.36`),
)
const sent = [...knownAgents.map(([userAgent]) => userAgent), ...publishedAgents, canary.value]

/** Whole, and each product of it with its version: `Chrome/32.0.1700.107`. Of the canary hashes too. */
const search = new NeedleSearch([
  ...sent.flatMap((text) => [text, text.toLowerCase(), ...(text.match(/[A-Za-z]+\/\d[\w.]{4,}/g) ?? [])]).map(plain),
  ...needlesOf(canary),
])
function plain(text: string): Needle {
  return { what: text, bytes: Buffer.from(text) }
}

let installation: WholeInstallation
before(async () => {
  installation = await WholeInstallation.start()
  const time = new Date(installation.clock.now()).toISOString()
  await Promise.all(
    sent.map((userAgent, index) => {
      const event = { id: `e-${index}`, time, feature: 'dashboard', device: `d-${index}`, source: 'ui' }
      return post('/v1/events', { events: [event] }, userAgent)
    }),
  )
  // A server that passes a browser's event on says so in the event's context.
  const batch = sent.slice(0, 100).map((userAgent, index) => ({
    ...{ type: 'track', event: 'dashboard', anonymousId: `s-${index}`, messageId: `s-${index}`, timestamp: time },
    ...{ context: { userAgent }, properties: { source: 'ui' } },
  }))
  await post('/v1/batch', { batch }, 'analytics-node/3.1.0')
  const lines = sent.map((userAgent, index) => ({
    occurrence: 1,
    line: `198.51.100.${index % 250} - - [19/Nov/2026:10:00:00 +0000] "GET /dashboard HTTP/1.1" 200 1 "-" "${userAgent}"`,
  }))
  await installation.headcount.desk.append(lines, 'combined', true)
  await installation.settle()
  await installation.headcount.worker.maintain()
})
after(() => installation.remove())

async function post(path: string, body: object, userAgent: string): Promise<void> {
  const { collectorUrl, credentials } = installation.headcount
  const headers = { authorization: `Bearer ${credentials.writeKey}`, 'user-agent': userAgent }
  const response = await fetch(collectorUrl + path, { method: 'POST', body: JSON.stringify(body), headers })
  assert.equal(response.status, 200)
}

/** Values of the three columns that no list has, and how many rows were looked at. */
async function outsideLists(): Promise<{ values: string[]; rows: number }> {
  const { warehouse } = installation.headcount.engines
  const lists = { d_browser: browsers, d_os: systems, d_device_type: deviceTypes }
  const values: string[] = []
  let rows = 0
  for (const [column, list] of Object.entries(lists))
    for (const { value } of await warehouse.select<{ value: string }>(`SELECT ${column} AS value FROM cells`)) {
      rows++
      if (![...list, '(other)', '(none)', ''].includes(value as never)) values.push(value)
    }
  return { values, rows }
}

const places = (findings: readonly Finding[]) => findings.map(({ where }) => where).join('\n')

test('no user agent, whole or a product of it, is in any table, view, key, value or file beside the raw log', async () => {
  assert.ok(sent.length > 500, 'there is enough to look for')
  assert.deepEqual(await scanRows(search, installation.headcount.engines), [])
  assert.deepEqual(await scanFiles(search, installation.dir, [rawLogFolder]), [])
})

test('nor in what either server answers, nor in a log line', async () => {
  const said = await askEverything(installation.headcount, installation.clock.now(), ['day'])
  assert.ok(
    said.some(({ text }) => text.includes('Samsung Internet')),
    'families are answered',
  )
  assert.deepEqual(
    said.flatMap(({ where, text }) => scanBytes(search, where, text)),
    [],
  )
  assert.deepEqual(
    installation.lines.flatMap((line) => scanBytes(search, line.slice(0, 60), line)),
    [],
  )
})

test('the control: until it expires the raw log has them, and the search finds each one there', async () => {
  const found = await scanFiles(search, installation.dir)
  assert.ok(found.every(({ where }) => where.startsWith(`file ${rawLogFolder}`)))
  const whats = new Set(found.flatMap(({ what }) => what))
  assert.ok(sent.every((userAgent) => whats.has(userAgent) || userAgent.includes('\\')))
})

test('families, systems and types of device are from the closed lists, in every row', async () => {
  const { values, rows } = await outsideLists()
  assert.deepEqual(values, [])
  assert.ok(rows > 300, `${rows} were looked at`)
})

test('they are the right ones: well-known user agents are counted as what they are', async () => {
  const rows = await installation.headcount.engines.warehouse.select<{ value: string; events: string }>(
    `SELECT concat(d_browser, '/', d_os, '/', d_device_type) AS value, toString(sum(events)) AS events FROM cells
WHERE dataset = 'clients' AND grain = 'day' AND window >= toDateTime('${startTime.slice(0, 10)} 00:00:00', 'UTC') GROUP BY value`,
  )
  const counted = new Map(rows.map(({ value, events }) => [value, Number(events)]))
  for (const [userAgent, ...family] of knownAgents) {
    const { browser, os, deviceType } = classifyClient(userAgent)
    assert.deepEqual([browser, os, deviceType], family, userAgent)
    assert.ok((counted.get(family.join('/')) ?? 0) >= 2, `${family}`)
  }
  // Crawlers among them are no heads where a browser would send.
  const { values: dropped } = await installation.headcount.metrics.dropped.get()
  const bots = dropped.find(({ labels }) => labels.reason === 'bot')?.value ?? 0
  const total = [...counted.values()].reduce((sum, events) => sum + events, 0)
  assert.ok(bots > 50 && bots < 200, `${bots} bots`)
  assert.equal(total + bots, sent.length + 100)
})

test('whatever the user agent is, its class is from the lists', () => {
  const names = [
    'Chrome/1',
    'Firefox/',
    '__proto__',
    'constructor/1.0',
    'Edg',
    '(iPad',
    'bot',
    'Android 9;',
    ';',
    ')',
    '/',
  ]
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(fc.oneof(fc.constantFrom(...names), fc.string()), { maxLength: 12 }).map((parts) => parts.join(' ')),
    fc.constantFrom(...sent).chain((text) => fc.nat(text.length).map((end) => text.slice(end) + text.slice(0, end))),
  )
  const isIn = (list: readonly string[], value: string) => [...list, '(other)', '(none)'].includes(value)
  fc.assert(
    fc.property(anything, (userAgent) => {
      const { browser, os, deviceType } = classifyClient(userAgent)
      assert.ok(isIn(browsers, browser) && isIn(systems, os) && isIn(deviceTypes, deviceType), userAgent)
    }),
    { numRuns: 2000, seed: 6 },
  )
})

test('the control: a user agent planted in a cell or under a key is found, and is in no list', async () => {
  const { engines, catalogue } = installation.headcount
  const members: Record<string, string> = {
    ...{ dataset: 'clients', grain: 'day', stage: 'open', window: `${startTime.slice(0, 10)} 00:00:00` },
    ...{ d_browser: canary.value, hi: '0', events: '1', devices: '0', units: '[1]' },
  }
  const columns = insertColumns(catalogue)
  const line = columns.map((column) => members[column] ?? (column.startsWith('m_') ? '0' : '')).join('\t')
  await engines.warehouse.insert({ table: cellsTable, columns, lines: `${line}\n`, rows: 1, token: 'planted' })
  await engines.keyValue.put('planted', Buffer.from(JSON.stringify({ agents: [publishedAgents[0]] })))
  const found = places(await scanRows(search, engines))
  assert.match(found, /table default\.cells/)
  assert.match(found, /key-value entry planted/)
  assert.deepEqual((await outsideLists()).values, [canary.value])
})
