import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { makeDcosWorld } from '../../../services/command-line/demo-dcos-world.ts'
import { Expected } from '../../../services/command-line/demo-expected.ts'
import { Random } from '../../../services/command-line/demo-random.ts'
import { DemoSender } from '../../../services/command-line/demo-sender.ts'
import { type Outcome, summarise, type Verdict } from '../../../services/command-line/demo-summary.ts'
import { tableLines } from '../../../services/command-line/demo-table.ts'
import type { Usage } from '../../../services/command-line/demo-usage.ts'
import { readCatalogue } from '../../../shared/catalogue-file.ts'
import { minuteMs } from '../../../shared/window.ts'
import { runCommand, temporaryFolder } from './command.ts'

const freePorts = { HEADCOUNT_COLLECTOR_PORT: '0', HEADCOUNT_REPORTING_PORT: '0' }
const startedAt = Date.parse('2026-11-23T10:00:00Z')
const newWorld = (seed: number) => makeDcosWorld({ id: 'r', startedAt, random: new Random(seed) }, 5 * minuteMs)

/** Lower k than the default: in so short a time few devices send. */
const small = { ...freePorts, HEADCOUNT_K: '3' }

test('what is counted matches what was sent, to the event, also the second time', async () => {
  await using folder = await temporaryFolder()
  const environment = { ...small, HEADCOUNT_DATA_DIR: path.join(folder.path, 'data') }
  for (const run of ['first', 'second']) {
    const { code, output } = await runCommand(['demo', '--seconds', '3', '--rate', '60'], environment)
    assert.match(output, /Matches: every event was counted, and none twice\./, `${run} run:\n${output}`)
    assert.doesNotMatch(output, /: expected \d+, counted \d+/)
    assert.equal(code, 0)
  }
})

test('another catalogue gets events of its own features', async () => {
  await using folder = await temporaryFolder()
  const file = path.join(folder.path, 'shop.yaml')
  await writeFile(
    file,
    `version: "1"
features:
  - { id: view, title: View }
  - { id: buy, title: Purchase }
  - { id: stock, title: Stock report, unit: cluster, naturalKey: { fields: [cluster, shelf], slotMinutes: 5 } }
dimensions:
  - { id: action, title: Action, from: feature }
  - { id: shelf, title: Shelf, from: event, values: [top, middle, bottom] }
datasets:
  - { id: actions, title: Actions, dimensions: [action] }
`,
  )
  const { code, output } = await runCommand(['demo', '--seconds', '3', '--rate', '60'], {
    ...small,
    HEADCOUNT_CATALOGUE: file,
    HEADCOUNT_DATA_DIR: path.join(folder.path, 'data'),
  })
  assert.match(output, /Matches: .*\nBy feature: 3 of 3 match/, output)
  assert.equal(code, 0)
})

test('Ctrl-C ends it with its summary', async () => {
  await using folder = await temporaryFolder()
  const { code, output } = await runCommand(
    ['demo', '--seconds', '600', '--rate', '60'],
    { ...small, HEADCOUNT_DATA_DIR: path.join(folder.path, 'data') },
    { line: /^[1-9]\d* s: /m, signal: 'SIGINT' },
  )
  assert.match(output, /Matches: /, output)
  assert.equal(code, 0)
})

test('what is missing, too much, hidden or not yet there is told', () => {
  const expected = new Expected(readCatalogue(''))
  const event = (id: string) => ({ id, time: '2026-11-23T10:00:00Z', feature: 'services', device: 'd1' })
  expected.add({ events: [event('1'), event('2'), event('3')], headers: {}, gzip: false, lines: false, bot: false })
  const usage = (events: number | undefined): Usage => ({
    rows: new Map(events === undefined ? [] : [['', { events, devices: 20 }]]),
    suppressed: events === undefined ? 1 : 0,
    freshTo: 0,
  })
  const end = (before: number | undefined, after: number | undefined, more: Partial<Outcome> = {}) =>
    summarise({
      tally: { sent: 3, accepted: 3, rejected: 0, again: 0, unanswered: 0 },
      expected,
      seconds: 1,
      dataset: 'feature_usage',
      total: { before: usage(before), after: usage(after) },
      byFeature: undefined,
      isFresh: true,
      isOwn: true,
      k: 10,
      ...more,
    })
  const cases: [Verdict, boolean, RegExp][] = [
    [end(5, 8), true, /Matches/],
    [end(5, 7), false, /1 events are missing/],
    [end(5, 9), false, /1 events too many/],
    [end(5, 9, { isOwn: false }), true, /1 more came from other senders/],
    [end(undefined, 4), true, /hid the events that fewer than 10 devices .* 1 more/],
    [end(undefined, 2), false, /1 events are missing/],
    [end(0, undefined), true, /Cannot be compared: the API hides/],
    [end(5, 8, { isFresh: false }), false, /the tables are behind/],
  ]
  for (const [{ matches, text }, wanted, pattern] of cases) {
    assert.match(text, pattern)
    assert.equal(matches, wanted, text)
  }
})

test('an option that is none is named', async () => {
  const { code, output } = await runCommand(['demo', '--rate', 'much'], {})
  assert.equal(code, 1)
  assert.match(output, /--rate is "much"; it must be a whole number from 1/)
})

test('the same seed makes the same world', () => {
  const batches = (seed: number) => {
    const world = newWorld(seed)
    return Array.from({ length: 50 }, () => world.next(startedAt))
  }
  assert.deepEqual(batches(1), batches(1))
  assert.notDeepEqual(batches(1), batches(2))
})

test("a cluster's report counts once, whichever masters send it", () => {
  const expected = new Expected(readCatalogue(''))
  const world = newWorld(1)
  const reports = Array.from({ length: 2000 }, () => world.next(startedAt)).filter(({ events }) => events[0]?.cluster)
  assert.equal(reports.length, 30 * 3)
  for (const batch of reports) expected.add(batch)
  assert.equal(expected.byFeature.get('mesos_track'), 30)
  assert.equal(expected.sameReports, 2 * expected.events)
})

test('a sender waits as long as Retry-After says, and sends the same again', async () => {
  const seen: { at: number; body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece) => {
      body += piece
    })
    request.on('end', () => {
      seen.push({ at: performance.now(), body })
      if (seen.length === 1) response.writeHead(503, { 'retry-after': '1' }).end('{}')
      else response.end('{"accepted":1,"rejected":[]}')
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const sender = new DemoSender(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'key')
  const events = [{ id: 'e1', time: '2026-11-23T10:00:00Z', feature: 'services' }]
  let accepted = 0
  const fail = (why: Error) => assert.fail(why)
  const batch = { events, headers: {}, gzip: false, lines: false, bot: false }
  sender.start(batch, true, new AbortController().signal, () => accepted++, fail)
  await sender.idle()
  sender.close()
  server.close()
  assert.equal(accepted, 1)
  assert.deepEqual(sender.tally, { sent: 1, accepted: 1, rejected: 0, again: 1, unanswered: 0 })
  assert.equal(seen[0]?.body, seen[1]?.body)
  assert.ok(seen[1]!.at - seen[0]!.at >= 990)
})

test('the table fits its terminal', () => {
  const features = new Map(
    Array.from({ length: 40 }, (_, at) => [
      `a feature with a long name ${at}`,
      { events: 1e6 * at, devices: at, withEarlier: at % 2 === 0 },
    ]),
  )
  const state = {
    title: 'Demo: '.padEnd(200, 'x'),
    elapsedMs: 1000,
    totalMs: 60_000,
    tally: { sent: 1e7, accepted: 1e7, rejected: 0, again: 1e5, unanswered: 0 },
    inFlight: 16,
    counted: undefined,
    expected: 1e7,
    features,
    usage: undefined,
    k: 10,
    trouble: 'no figures now: '.padEnd(200, 'x'),
  }
  for (const [columns, rows] of [
    [40, 16],
    [60, 20],
    [100, 30],
    [200, 60],
  ] as const) {
    const lines = tableLines(state, columns, rows, 0)
    assert.ok(lines.length < rows, `${lines.length} lines in ${rows} rows`)
    for (const line of lines) assert.ok(line.length <= columns, `${line.length} in ${columns}: ${line}`)
  }
})
