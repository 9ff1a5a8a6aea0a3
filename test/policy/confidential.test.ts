/** confidential: "… we do not want you to disclose any confidential business information to us …" What looks so is never kept. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import pino from 'pino'
import type { Headcount } from '../../services/headcount.ts'
import { confidentialKind } from '../../shared/confidential/detector.ts'
import { confidentialKinds } from '../../shared/confidential/kind.ts'
import { specimen } from '../confidential/generators.ts'
import { writeOpenCatalogue } from '../confidential/open-catalogue.ts'
import { askEverything } from '../privacy/answers.ts'
import type { Needle } from '../privacy/canary.ts'
import { NeedleSearch } from '../privacy/needle-search.ts'
import { type Finding, rawLogFolder, scanBytes, scanFiles, scanRows } from '../privacy/scan.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'
import { wrongRequests } from './check/wrong-requests.ts'

/** Long enough not to meet in a file by chance, short enough for a rule. */
const isUsable = (text: string) => text.length >= 10 && text.length <= 60
const generated = fc.sample(specimen, { numRuns: 3000, seed: 5 }).filter(({ text }) => isUsable(text))
const confidential = [
  ...new Set(generated.map(({ text }) => text).filter((text) => confidentialKind(text) !== undefined)),
]
const innocent = ['1.13.2', 'package-list', 'a plain note']
/** So many are sent by other dialects as well, and so many in requests that are refused. */
const others = 200
const refused = 60
const search = new NeedleSearch(confidential.flatMap(needlesOf))

/** As the value stands, in capitals or not, and as JSON has it. */
function needlesOf(text: string): Needle[] {
  const forms = new Set([text, text.toLowerCase(), text.toUpperCase(), JSON.stringify(text).slice(1, -1)])
  return [...forms].map((form) => ({ what: text, bytes: Buffer.from(form) }))
}

/** What was found in an installation. */
interface Looked {
  readonly rows: Finding[]
  readonly files: Finding[]
  readonly answers: Finding[]
  /** Values in the table that the detector objects to when it is asked again, and those that it does not. */
  readonly objected: number
  readonly unobjected: readonly string[]
  readonly withheld: number
  readonly events: string | undefined
}
let dir: string
let control: Looked
let guarded: Looked
/** The guarded one, still running; the engine in process allows one at a time. */
let installation: WholeInstallation
before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-confidential-'))
  const unguarded = await fill(false)
  control = await look(unguarded)
  await unguarded.remove()
  installation = await fill(true)
  guarded = await look(installation)
})
after(async () => {
  await installation.remove()
  await rm(dir, { recursive: true, force: true })
})

/** An installation that has been sent every value in every place where a sender can put one. */
async function fill(isGuarded: boolean): Promise<WholeInstallation> {
  const catalogue = await writeOpenCatalogue(dir, isGuarded)
  const installation = await WholeInstallation.start(undefined, { HEADCOUNT_CATALOGUE: catalogue })
  const time = new Date(installation.clock.now()).toISOString()
  const events = [...confidential, ...innocent].flatMap((text, index) => [
    { id: `n-${index}`, time, feature: 'opened', device: `d-${index % 7}`, note: text, label: text, size: 3 },
    { id: `k-${index}`, time, feature: 'report', job: text, device: 'd', edition: text },
    { id: `u-${index}`, time, feature: text, device: 'd', undeclared: text, [text]: { [text]: [text] } },
    // Identifiers in the raw log, where they are as good as others; no further.
    { id: text, time, feature: 'opened', device: text, cookie: text },
  ])
  for (let at = 0; at < events.length; at += 400) await send(installation, events.slice(at, at + 400))
  await sendAsOthers(installation, confidential.slice(0, others))
  await appendBroken(installation, confidential)
  await installation.settle()
  await installation.headcount.worker.maintain()
  return installation
}

/** As a Segment library does, and as lines of an access log. */
async function sendAsOthers({ headcount, clock }: WholeInstallation, texts: readonly string[]): Promise<void> {
  const timestamp = new Date(clock.now()).toISOString()
  const batch = texts.flatMap((text, index) => {
    const common = { anonymousId: `s-${index % 7}`, timestamp, context: { page: { url: text } } }
    const properties = { note: text, [text]: text, path: text }
    const traits = { email: text, [text]: text }
    return [
      { type: 'track', event: 'opened', ...common, properties, messageId: `t-${index}` },
      { type: 'track', event: text, userId: text, timestamp, properties: {}, messageId: text },
      { type: 'page', name: text, ...common, properties: { path: text, title: text } },
      { type: 'identify', userId: text, traits, ...common },
    ]
  })
  for (let at = 0; at < batch.length; at += 400)
    await post(headcount, '/v1/batch', { batch: batch.slice(at, at + 400) })
  const lines = texts.map((text) => {
    const agent = text.replaceAll('"', '')
    const user = agent.replace(/\s/g, '')
    return {
      occurrence: 1,
      line: `198.51.100.7 - ${user} [19/Nov/2026:10:00:00 +0000] "GET /${user} HTTP/1.1" 200 1 "${agent}" "${agent}"`,
    }
  })
  const { appended } = await headcount.desk.append(lines, 'combined', true)
  assert.ok(appended > texts.length * 0.9, `${appended} lines were taken`)
}

async function look({ headcount, dir: dataDir, clock }: WholeInstallation): Promise<Looked> {
  const said = await askEverything(headcount, clock.now(), ['minute', 'day', 'month'])
  assert.ok(
    said.some(({ text }) => text.includes('1.13.2')),
    'no cell was answered',
  )
  const values = await headcount.engines.warehouse.select<{ value: string }>(
    'SELECT DISTINCT arrayJoin([d_note, d_label, d_edition, d_feature]) AS value FROM cells',
  )
  const [total] = await headcount.engines.warehouse.select<{ events: string }>(
    "SELECT toString(sum(events)) AS events FROM cells WHERE dataset = 'labels' AND grain = 'day'",
  )
  const counters = await headcount.metrics.confidentialValues.get()
  return {
    rows: await scanRows(search, headcount.engines),
    files: await scanFiles(search, dataDir, [rawLogFolder]),
    answers: said.flatMap(({ where, text }) => scanBytes(search, where, text)),
    objected: values.filter(({ value }) => confidentialKind(value) !== undefined).length,
    unobjected: values.map(({ value }) => value).filter((value) => confidentialKind(value) === undefined),
    withheld: counters.values.reduce((sum, { value }) => sum + value, 0),
    events: total?.events,
  }
}

async function post({ collectorUrl, credentials }: Headcount, path: string, body: object): Promise<string> {
  const headers = { authorization: `Bearer ${credentials.writeKey}` }
  const response = await fetch(collectorUrl + path, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return text
}

async function send({ headcount }: WholeInstallation, events: readonly object[]): Promise<void> {
  const { accepted } = JSON.parse(await post(headcount, '/v1/events', { events })) as { accepted: number }
  assert.ok(accepted > events.length * 0.9, `${accepted} of ${events.length} were accepted`)
}

/** Records that no collector writes: they end in quarantine. */
async function appendBroken({ headcount, clock }: WholeInstallation, texts: readonly string[]): Promise<void> {
  const at = clock.now()
  const records = texts.slice(0, 50).flatMap((text) => {
    const shapes = [['opened', { note: { [text]: text } }], [text, [text]], { [text]: text }]
    const columns = [shapes, [text, { [text]: text }, text], [at, at, text], [0, 1, 2]]
    return [Buffer.from(text), Buffer.from(JSON.stringify([1, at, 'node', text, text, 'device', text, ...columns]))]
  })
  await headcount.engines.log.append(records.map((value) => ({ partition: 0, value })))
}

const whats = (findings: readonly Finding[]) => new Set(findings.flatMap(({ what }) => what))
const places = (findings: readonly Finding[]) => findings.map(({ where }) => where).join('\n')

test('there is enough to look for, of every kind', () => {
  const kinds = new Set(confidential.map(confidentialKind))
  for (const kind of Object.keys(confidentialKinds))
    if (kind !== 'long' && kind !== 'disguised') assert.ok(kinds.has(kind as never), kind)
  assert.ok(confidential.length > 1000, `${confidential.length}`)
})

test('no confidential value is in any table, view, key, value, name of a secret or file beside the raw log', () => {
  assert.deepEqual(guarded.rows, [])
  assert.deepEqual(guarded.files, [])
})

test('the control: where the catalogue lets every kind through, they are in the table, in the store and in files', () => {
  assert.match(places(control.rows), /table default\.cells/)
  assert.match(places(control.rows), /key-value entry known-values\//)
  assert.ok(whats(control.rows).size > confidential.length * 0.95, `${whats(control.rows).size}`)
  assert.match(places(control.files), /file (?:warehouse|key-value)\//)
})

test('nothing that either server answers has one; the control’s answers do', () => {
  assert.deepEqual(guarded.answers, [])
  assert.match(places(control.answers), /usage/)
})

test('every value in a table was looked at: asked again, the detector objects to none; to the control’s it does', () => {
  assert.equal(guarded.objected, 0)
  for (const value of [...innocent, '(other)']) assert.ok(guarded.unobjected.includes(value), value)
  assert.ok(control.objected > 1000)
})

test('values that were withheld are counted, once for each place, and their events are counted as all others', () => {
  // As note, as label and as edition; as note by others.
  assert.equal(guarded.withheld, confidential.length * 3 + others)
  assert.equal(control.withheld, confidential.length)
  assert.ok(Number(guarded.events) > confidential.length * 3)
  assert.equal(guarded.events, control.events)
})

test('quarantine has entries for the broken records, without any of them; a planted one is found', async () => {
  const { engines, desk } = installation.headcount
  const entries = await desk.quarantine()
  assert.ok(entries.reduce((sum, { events }) => sum + events, 0) > 50)
  assert.deepEqual(scanBytes(search, 'quarantine', JSON.stringify(entries)), [])
  const planted = 'quarantine/planted'
  await engines.keyValue.put(planted, Buffer.from(JSON.stringify({ reason: '', shape: confidential[0] })))
  assert.match(places(await scanRows(search, engines)), /key-value entry quarantine\/planted/)
  await engines.keyValue.delete(planted)
})

test('a request that is refused is told why without it; a harmless word is said back', async () => {
  const { headcount } = installation
  const before = installation.lines.length
  const asked = await wrongRequests(headcount, ['colour', ...confidential.slice(0, refused)])
  const statuses = new Set(asked.map(({ status }) => status))
  for (const status of [400, 401, 404]) assert.ok(statuses.has(status), `${[...statuses]}`)
  const harmless = asked.filter(({ text }) => text.includes('colour'))
  assert.ok(harmless.length >= 5, 'the control: what is said back would be found')
  assert.deepEqual(
    asked.flatMap(({ where, text }) => scanBytes(search, where, text)),
    [],
  )
  const lines = installation.lines.slice(before)
  assert.deepEqual(
    lines.flatMap((line) => scanBytes(search, line.slice(0, 60), line)),
    [],
  )
})

test('a log line that is made of one has none of it; without the guard it has', () => {
  assert.deepEqual(
    installation.lines.flatMap((line) => scanBytes(search, line.slice(0, 60), line)),
    [],
  )
  const before = installation.lines.length
  const unguarded: string[] = []
  const bare = pino({ level: 'trace' }, { write: (line) => void unguarded.push(line) })
  for (const text of confidential.slice(0, 300))
    for (const logger of [installation.logger, bare]) {
      logger.error({ err: new Error(`cannot read ${text}`), nested: [{ [text]: text }] }, `saw ${text} here`)
    }
  const mine = installation.lines.slice(before)
  assert.equal(mine.length, 300)
  assert.deepEqual(
    mine.flatMap((line) => scanBytes(search, line, line)),
    [],
  )
  assert.equal(unguarded.filter((line) => scanBytes(search, '', line).length > 0).length, 300)
})

test('nor has the label of a metric, as it is answered; in the registry it was', async () => {
  const { metrics, collectorUrl, reportingUrl, credentials } = installation.headcount
  for (const reason of confidential.slice(0, 300)) metrics.rejected.inc({ reason })
  for (const url of [collectorUrl, reportingUrl]) {
    const headers = { authorization: `Bearer ${credentials.adminToken}` }
    const text = await (await fetch(`${url}/metrics`, { headers })).text()
    assert.match(text, /headcount_events_rejected_total\{reason="\(\w[\w-]*\)"\}/)
    assert.deepEqual(scanBytes(search, url, text), [])
  }
  const registered = JSON.stringify((await metrics.rejected.get()).values)
  assert.ok(whats(scanBytes(search, 'registry', registered)).size > 280)
})
