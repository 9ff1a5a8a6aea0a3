/** Controls: a leak planted through each store's own write path, in every form, is found by the scan that looks there. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { ForeignEvents } from '../../services/collector/protocols/foreign-events.ts'
import { cellsTable, insertColumns } from '../../shared/warehouse/schema.ts'
import { askEverything } from './answers.ts'
import { type Canary, makeAddressCanary, makeCanary, makeWordCanary, needlesOf } from './canary.ts'
import { NeedleSearch } from './needle-search.ts'
import { type Finding, rawLogFolder, scanBytes, scanFiles, scanRawLog, scanRows } from './scan.ts'
import { allNeedles, type Canaries, makeCanaries, sendCanaries } from './send-canaries.ts'
import { startTime, WholeInstallation } from './whole-installation.ts'

const canary = makeWordCanary('planted')
const search = new NeedleSearch(needlesOf(canary))
let installation: WholeInstallation
before(async () => {
  installation = await WholeInstallation.start()
})
after(() => installation.remove())

const places = (findings: readonly Finding[]) => findings.map(({ where }) => where).join('\n')
const inFiles = async (except: readonly string[] = [rawLogFolder]) =>
  places(await scanFiles(search, installation.dir, except))
const inRows = async () => places(await scanRows(search, installation.headcount.engines))

test('nothing is found before anything is planted', async () => {
  assert.equal(await inFiles([]), '')
  assert.equal(await inRows(), '')
})

test('in a cell of the warehouse: in its table, in its files, in an answer', async () => {
  const { engines, catalogue } = installation.headcount
  const members: Record<string, string> = {
    ...{ dataset: 'feature_usage', grain: 'day', stage: 'open', window: `${startTime.slice(0, 10)} 00:00:00` },
    ...{ d_feature: canary.value, d_version: '(none)', hi: '0', events: '1', devices: '0', units: '[1]' },
  }
  const columns = insertColumns(catalogue)
  const line = columns.map((column) => members[column] ?? (column.startsWith('m_') ? '0' : '')).join('\t')
  await engines.warehouse.insert({ table: cellsTable, columns, lines: `${line}\n`, rows: 1, token: 'planted' })
  assert.match(await inRows(), /table default\.cells/)
  assert.match(await inFiles(), /file warehouse\//)
  const answers = await askEverything(installation.headcount, Date.parse(startTime), ['day'])
  assert.match(
    places(answers.flatMap(({ where, text }) => scanBytes(search, where, text))),
    /answer 200 of \/api\/v1\/usage/,
  )
})

test('in a cell that the engine wrote compressed, where a look at the bytes alone would miss it', async () => {
  const { warehouse } = installation.headcount.engines
  await warehouse.command('CREATE TABLE planted (text String CODEC(ZSTD(3))) ENGINE = MergeTree ORDER BY tuple()')
  const halves = [canary.value.slice(0, 11), canary.value.slice(11)]
  await warehouse.insert({
    table: 'planted',
    columns: ['text'],
    // Both halves come before, so that what is stored of the whole is two references.
    lines: `${halves.join('--')}--${halves[1]}--${canary.value}\n`,
    rows: 1,
    token: 'compressed',
  })
  assert.match(await inRows(), /table default\.planted/)
  assert.doesNotMatch(await inFiles(), /text\.bin/)
})

test('in a key, in a value, in the name and in the bytes of a secret', async () => {
  const { keyValue } = installation.headcount.engines
  await keyValue.put(`planted/${canary.value}`, Buffer.from('value'))
  await keyValue.put('planted/value', Buffer.from(JSON.stringify({ seen: [canary.value] })))
  await keyValue.secrets.createOnce(`planted/${canary.value}`, () => Buffer.alloc(32))
  await keyValue.secrets.createOnce('planted/bytes', () => Buffer.from(canary.value))
  const rows = await inRows()
  for (const place of ['key-value entry planted/Q', 'key-value entry planted/value', 'secret planted/Q'])
    assert.ok(rows.includes(place), place)
  assert.match(await inFiles(), /file key-value\/values.*file key-value\/secrets\/planted%2fbytes\.secret/s)
})

test('in a file name, where the file is empty', async () => {
  await installation.headcount.engines.keyValue.secrets.destroy(`name-${canary.value.toLowerCase()}`)
  assert.match(await inFiles(), /name of key-value\/secrets\/name-/)
})

test('in a record of the raw log, and only when the raw log is scanned', async () => {
  await installation.headcount.engines.log.append([{ partition: 0, value: Buffer.from(`["${canary.value}"]`) }])
  assert.match(places(await scanRawLog(search, path.join(installation.dir, rawLogFolder))), /raw log, partition 0/)
  assert.match(await inFiles([]), /file event-log\//)
  assert.doesNotMatch(await inFiles(), /file event-log\//)
})

test('in the mapping of each dialect: what it takes of a person for the version is in the raw log, and gets no further', async () => {
  const canaries = makeCanaries()
  const among = new NeedleSearch(allNeedles(canaries))
  const { admit } = ForeignEvents.prototype
  ForeignEvents.prototype.admit = function (event, ...rest) {
    const wrong = canaries['undeclared field name'].value
    return admit.call(this, { ...event, field: (name) => event.field(name === 'version' ? wrong : name) }, ...rest)
  }
  try {
    await sendCanaries(installation.headcount, canaries, installation.clock.now())
  } finally {
    ForeignEvents.prototype.admit = admit
  }
  const found = (await scanRawLog(among, path.join(installation.dir, rawLogFolder))).flatMap(({ what }) => what)
  const traits = (Object.keys(canaries) as (keyof Canaries)[]).filter((name) => name.endsWith(' trait'))
  const leaked = traits.filter((name) => found.some((what) => what.includes(canaries[name].core)))
  // Of OpenTelemetry's attributes those alone are read that are declared, and of DC/OS' reports values that are.
  assert.deepEqual(leaked, [
    ...['posthog trait', 'plausible trait', 'snowplow trait', 'rudderstack trait', 'segment-browser trait'],
    ...['beacon trait', 'pixel trait', 'cloudevents trait'],
  ])
  await installation.settle()
  assert.deepEqual(await scanRows(among, installation.headcount.engines), [])
})

test('in a choice and in an entry of the ledger, where a case has a name that says too much', async () => {
  const { collectorUrl, credentials, worker } = installation.headcount
  const response = await fetch(`${collectorUrl}/v1/privacy/deletion`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.adminToken}` },
    body: JSON.stringify({ device: 'somebody', case: canary.value }),
  })
  assert.equal(response.status, 202)
  await worker.maintain()
  assert.match(await inFiles(), /file choices\/choices\.log/)
  assert.match(await inRows(), /table default\.ledger/)
})

test('in a log line, at the lowest level and inside an error', () => {
  installation.logger.trace({ detail: { seen: canary.value } }, 'planted')
  installation.logger.error({ err: new Error(`cannot read ${canary.value}`) }, 'planted')
  const found = installation.lines.filter((line) => scanBytes(search, 'line', line).length > 0)
  assert.equal(found.length, 2)
})

test('in the label of a metric, as both servers answer it', async () => {
  installation.headcount.metrics.rejected.inc({ reason: canary.value })
  const answers = await askEverything(installation.headcount, Date.parse(startTime), [])
  const found = answers.filter(({ where, text }) => scanBytes(search, where, text).length > 0)
  assert.equal(found.filter(({ where }) => where.includes('/metrics')).length, 2)
})

test('every form of every kind of canary is found, wherever it stands', () => {
  const kinds: Canary[] = [canary, makeCanary('mail', (core) => `a.${core}@example.org`)]
  kinds.push(makeAddressCanary('address', 4), makeAddressCanary('address', 6))
  for (const one of kinds) {
    const mine = new NeedleSearch(needlesOf(one))
    const forms = [one.value, one.value.toLowerCase(), one.value.toUpperCase(), encodeURIComponent(one.value)]
    const encoded = forms.flatMap((text) => [
      Buffer.from(text),
      ...['', 'x', 'xy'].map((before) => Buffer.from(Buffer.from(`${before}${text} and more`).toString('base64'))),
      Buffer.from(Buffer.from(text).toString('hex')),
      Buffer.from(text, 'utf16le'),
    ])
    for (const bytes of encoded)
      for (const before of ['', 'a', 'ab', 'abc'])
        assert.ok(mine.in(Buffer.concat([Buffer.from(before), bytes, Buffer.from('.')])).length > 0, `${bytes}`)
  }
})

test('unsalted hashes are found, raw, in hex and in base64, of the value alone and with its kind before it', () => {
  for (const algorithm of ['md5', 'sha1', 'sha256'])
    for (const text of [canary.value, canary.value.toLowerCase(), `device\0${canary.value}`, `ip:${canary.value}`])
      for (const form of ['hex', 'base64', 'latin1'] as const) {
        const stored = Buffer.from(createHash(algorithm).update(text).digest().toString(form), 'latin1')
        assert.ok(search.in(Buffer.concat([Buffer.from('a row: '), stored])).length > 0, `${algorithm} ${form}`)
      }
})

test('what is cut in two by the end of a chunk of a large file is found', async () => {
  const chunk = 4 * 1024 * 1024
  const bytes = Buffer.alloc(chunk + 100)
  bytes.write(canary.value, chunk - 10)
  await writeFile(path.join(installation.dir, 'large'), bytes)
  assert.match(await inFiles(), /file large/)
})
