/**
 * The canary test: senders put unique strings wherever something can be put, and then every file, every decoded row,
 * every log line and every answer is searched for them in every form; from the first event to the close of the month.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EpochKind } from '../../shared/window.ts'
import { type Answer, askEverything, readAnswer } from './answers.ts'
import { byteNeedles, type Needle } from './canary.ts'
import { NeedleSearch } from './needle-search.ts'
import { type Finding, rawLogFolder, scanBytes, scanFiles, scanRawLog, scanRows } from './scan.ts'
import { allNeedles, type Canaries, makeCanaries, neverTaken, plantInLog, sendCanaries } from './send-canaries.ts'
import { lonelyDevices, pseudonymNeedles, rowsWithStates } from './unique-states.ts'
import { WatchedWarehouse } from './watched-warehouse.ts'
import { WholeInstallation } from './whole-installation.ts'

/** The engine removes the files of replaced parts within seconds: schema.ts, old_parts_lifetime. */
const oldPartsGoneMs = 15_000

const watched = new WatchedWarehouse()
const canaries = makeCanaries()
const search = new NeedleSearch(allNeedles(canaries))
let installation: WholeInstallation
let sentAt: number
let answers: Answer[]
/** Living secrets by name, and the unique states of one device, while everything was open. */
const secrets = new Map<string, Buffer>()
let states: Record<EpochKind, Needle[]>

before(async () => {
  installation = await WholeInstallation.start(watched.wrap)
  sentAt = installation.clock.now()
  // An insert that fails has its error logged, and the engine's own message quotes rows.
  watched.spoilNext = true
  answers = await sendCanaries(installation.headcount, canaries, sentAt)
  await plantInLog(installation.headcount, canaries, sentAt)
  await installation.settle()
  await installation.headcount.worker.maintain()
  const { keyValue, warehouse } = installation.headcount.engines
  for (const { name } of await keyValue.secrets.list())
    secrets.set(name, (await keyValue.secrets.read(name)) ?? Buffer.alloc(0))
  states = await lonelyDevices(warehouse)
})
after(() => installation.remove())

const rawLogDir = () => path.join(installation.dir, rawLogFolder)

function namesFound(findings: readonly Finding[]): (keyof Canaries)[] {
  const all = findings.flatMap(({ what }) => what).join('\n')
  return (Object.keys(canaries) as (keyof Canaries)[]).filter((name) => all.includes(canaries[name].core))
}

/** Files, decoded rows, log lines, and what was answered. */
async function canariesAnywhere(said: readonly Answer[], except: readonly string[] = [rawLogFolder]) {
  return [
    ...(await scanFiles(search, installation.dir, except)),
    ...(await scanRows(search, installation.headcount.engines)),
    ...installation.lines.flatMap((line) => scanBytes(search, `log line ${line.slice(0, 80)}`, line)),
    ...said.flatMap(({ where, text }) => scanBytes(search, where, text)),
  ]
}

function inFiles(needles: readonly Needle[]): Promise<Finding[]> {
  return scanFiles(new NeedleSearch(needles), installation.dir)
}

function inLines(needles: readonly Needle[]): Finding[] {
  const among = new NeedleSearch(needles)
  return installation.lines.flatMap((line) => scanBytes(among, line.slice(0, 80), line))
}

/** Of secrets whose names start so. */
function secretNeedles(prefix: string): Needle[] {
  const chosen = [...secrets].filter(([name]) => name.startsWith(prefix))
  assert.ok(chosen.length > 0, `there was a secret ${prefix}…`)
  return chosen.flatMap(([name, bytes]) => byteNeedles(`secret ${name}`, bytes))
}

async function goneFromFiles(needles: readonly Needle[]): Promise<void> {
  assert.ok(needles.length > 0, 'there is something to look for')
  const deadline = Date.now() + oldPartsGoneMs
  let found = await inFiles(needles)
  while (found.length > 0 && Date.now() < deadline) {
    await sleep(250)
    found = await inFiles(needles)
  }
  assert.deepEqual(found, [])
}

test('control: what the worker needs is in the raw log, and is found there as bytes and as records', async () => {
  const taken = (Object.keys(canaries) as (keyof Canaries)[]).filter((name) => !neverTaken.includes(name))
  assert.deepEqual(namesFound(await scanRawLog(search, rawLogDir())).sort(), taken.sort())
  assert.deepEqual(namesFound(await scanFiles(search, rawLogDir())).sort(), taken.sort())
})

test('what is not declared, declined or refused is not even in the raw log', async () => {
  const found = namesFound(await scanRawLog(search, rawLogDir()))
  assert.deepEqual(
    neverTaken.filter((name) => found.includes(name)),
    [],
  )
})

test('control: the canaries were taken, refused, counted and quarantined, and a failed insert was logged', async () => {
  const statuses = new Set(answers.map(({ status }) => status))
  for (const status of [200, 400, 401, 404, 405, 415]) assert.ok(statuses.has(status), String(status))
  const quarantined = await installation.headcount.desk.quarantine()
  assert.deepEqual([...new Set(quarantined.map(({ reason }) => reason))].sort(), ['invalid-event', 'undecodable'])
  assert.deepEqual(installation.headcount.worker.importTally, { counted: 2, duplicate: 0, late: 0, bot: 0 })
  assert.ok(
    installation.lines.some((line) => line.includes('an insert failed')),
    'no failed insert was logged',
  )
})

test('after processing no canary is in any other file, row, log line or answer', async () => {
  const everything = await askEverything(installation.headcount, sentAt)
  assert.deepEqual(
    everything.filter(({ status }) => status !== 200),
    [],
  )
  assert.ok(
    everything.some(({ text }) => text.includes('"jobs"')),
    'no cell was answered',
  )
  assert.deepEqual(await canariesAnywhere([...answers, ...everything]), [])
})

test('nor after a drain and a restart', async () => {
  await installation.stop()
  assert.deepEqual(await scanFiles(search, installation.dir, [rawLogFolder]), [])
  await installation.restart()
  await installation.settle()
  assert.deepEqual(await canariesAnywhere([]), [])
})

test('nor after deletions, an opt-out and a look at what is held, which leave traces of their own', async () => {
  const { collectorUrl, credentials, engines, worker } = installation.headcount
  const ask = async (what: string, headers: Record<string, string>, body: object) =>
    readAnswer(fetch(`${collectorUrl}/v1/privacy/${what}`, { method: 'POST', headers, body: JSON.stringify(body) }))
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const [operator, sender] = [bearer(credentials.adminToken), bearer(credentials.writeKey)]
  const device = canaries.device.value
  const held = await ask('access', operator, { device, case: 'C-1' })
  assert.equal(held.status, 200)
  const said = [
    await ask('deletion', operator, { device, case: 'C-1' }),
    await ask('deletion', { cookie: `headcount=${canaries['cookie header'].value}` }, {}),
    await ask('choice', sender, { choice: 'opt-out', cluster: canaries.cluster.value }),
  ]
  assert.deepEqual(
    said.map(({ status }) => status),
    [202, 202, 200],
  )
  await installation.settle()
  await worker.maintain()
  assert.deepEqual(await canariesAnywhere(said), [])
  const choices = await readFile(path.join(installation.dir, 'choices', 'choices.log'), 'utf8')
  assert.ok(choices.split('\n').length > said.length, 'control: the choices are there')
  const [row] = await engines.warehouse.select<{ entries: string }>(
    "SELECT toString(count()) AS entries FROM ledger WHERE event LIKE '%subject.deleted%'",
  )
  assert.equal(row?.entries, '2', 'control: so are the ledger’s entries')
  assert.ok(
    namesFound(await scanRawLog(search, rawLogDir())).includes('device'),
    'control: raw records are, until then',
  )
})

test('control: while windows are open, the bytes of their keys and unique states are found', async () => {
  for (const prefix of ['epoch/', 'ids/']) assert.ok((await inFiles(secretNeedles(prefix))).length > 0, prefix)
  for (const kind of ['day', 'week', 'month'] as const) assert.ok((await inFiles(states[kind])).length > 0, kind)
  assert.notEqual(await rowsWithStates(installation.headcount.engines.warehouse, '1'), '0')
  assert.ok(watched.pseudonyms.size > 10, 'hardly a pseudonym was seen')
})

test('pseudonyms are in no file as numbers, and in no log line or answer in any form, even while windows are open', async () => {
  const numbers = pseudonymNeedles(watched.pseudonyms)
  assert.deepEqual(await inFiles(numbers), [])
  assert.deepEqual(inLines([...numbers, ...Object.values(states).flat()]), [])
})

test('once a day has closed, its keys and unique states are in no row and no file', async () => {
  await installation.passTo('2026-11-22T00:00:41Z')
  const { engines, worker } = installation.headcount
  assert.deepEqual(
    (await worker.keyTimes()).map(({ name }) => name),
    ['month:2026-11-01', 'week:2026-11-16'],
  )
  const closed = "grain IN ('minute', 'hour', 'day') AND window < toDateTime('2026-11-21 00:00:00', 'UTC')"
  assert.equal(await rowsWithStates(engines.warehouse, closed), '0')
  assert.deepEqual(await inFiles(secretNeedles('epoch/day:')), [])
  await goneFromFiles(states.day)
  assert.deepEqual(await canariesAnywhere(await askEverything(installation.headcount, sentAt, ['day'])), [])
})

test('once a day has closed, no row has a pseudonym as a number, nor has what the engine remembers of failed inserts', async () => {
  // The pseudonyms of week and month, whose windows are still open, are no numbers in any row either.
  const numbers = new NeedleSearch(pseudonymNeedles(watched.pseudonyms))
  assert.deepEqual(await scanRows(numbers, installation.headcount.engines), [])
})

test('72 + 2 hours after they came, no canary is in the raw log either', async () => {
  assert.ok(namesFound(await scanFiles(search, rawLogDir())).length > 0, 'control: until then they are')
  await installation.passTo('2026-11-23T14:00:30Z')
  assert.deepEqual(await scanRawLog(search, rawLogDir()), [])
  assert.deepEqual(await canariesAnywhere([], []), [])
})

test('keys of event ids go when the last hashes made with them have gone', async () => {
  const entries = async () => {
    const keys: string[] = []
    for await (const [key] of installation.headcount.engines.keyValue.scan('ids/')) keys.push(key)
    return keys
  }
  assert.ok(
    (await entries()).some((key) => key.includes('/live/')),
    'control: until then there are hashes',
  )
  await installation.passTo('2026-11-25T00:00:01Z')
  assert.deepEqual(await entries(), [])
  assert.deepEqual(await inFiles(secretNeedles('ids/')), [])
})

test('weeks and months close likewise, and then nothing is left that tells devices apart', async () => {
  await installation.passTo('2026-12-02T00:00:41Z')
  const { engines, worker } = installation.headcount
  assert.deepEqual(await worker.keyTimes(), [])
  assert.equal(await rowsWithStates(engines.warehouse, '1'), '0')
  assert.deepEqual(await inFiles(secretNeedles('epoch/')), [])
  await goneFromFiles([...Object.values(states).flat(), ...pseudonymNeedles(watched.pseudonyms)])
  const everySecret = [...secrets].flatMap(([name, bytes]) => byteNeedles(`secret ${name}`, bytes))
  assert.deepEqual(inLines(everySecret), [])
  assert.deepEqual(await canariesAnywhere([], []), [])
})
