/**
 * The same event through any two dialects is counted in the same cell: in a running installation, each dialect's
 * events in a minute of their own, so that nothing but the window tells their cells apart. Then the day: a device, a
 * cluster or a browser without an identifier that was seen through all of them is one.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { signalKey, signalRun } from '../fixtures/dcos-signal.ts'
import { uiVisit } from '../fixtures/dcos-ui.ts'
import { writeCountryDatabase } from '../privacy/canary-country-database.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'
import {
  type Encode,
  key,
  nameless,
  pages,
  programs,
  remembered,
  type Sent,
  type Use,
} from '../services/collector/protocols/every-encoding.ts'
import { type Cells, cellsByWindow, usage } from './cells-of-dialects.ts'

/** A day's first slots; each dialect has one of five minutes, in which a cluster is counted once. */
const start = '2026-11-20T01:00:30Z'
const slotMs = 300_000
const program = { 'user-agent': 'program/1', 'x-forwarded-for': '198.19.3.4' }
const page = {
  ...program,
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  origin: 'https://dcos.example.org',
}

type Told = Pick<Use, 'feature' | 'device' | 'fields'>
const cluster = { cluster: 'c1', version: '2.1.0', variant: 'open', provider: 'aws', source: 'node' }
const sizes = { agents: 7, tasks: 28, frameworks: 1, cpu: 56, memory: 114_688, disk: 716_800 }
/** As dcos-signal says it, part by part. */
const reports: readonly Told[] = [
  { feature: 'mesos_track', device: 'd1', fields: { ...cluster, ...sizes } },
  { feature: 'health', device: 'd1', fields: { ...cluster, unit: 'dcos-net', unhealthy: 2 } },
  { feature: 'package_list', device: 'd1', fields: { ...cluster, package: 'kafka', version: '1.1.0' } },
]
const uses: readonly Told[] = [
  { feature: 'jobs', device: 'd1', fields: { version: '2.1', source: 'ui' } },
  { feature: 'jobs', device: 'd2', fields: { version: 'a customer’s own', source: 'ui' } },
  { feature: 'nobody_declared_it', device: 'd1', fields: {} },
  ...reports,
]
/** As DC/OS' UI says it when somebody signs in, looks at a service and signs out. */
const visit: readonly Told[] = ['dcos_login', 'services', 'services', 'dcos_logout'].map((feature) => ({
  ...{ feature, device: 'd1', fields: { version: '1.13.5', variant: 'enterprise', source: 'ui' } },
}))
const uiKey = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
const user = { anonymousId: 'd1', email: 'somebody@example.org', clusterId: 'c1' }
const signal = signalRun.bind(undefined, {
  ...{ clusterId: 'c1', customerKey: 'customer', licenseId: undefined, version: '2.1.0', variant: 'open' },
  ...{ provider: 'aws', agents: 7, units: { 'dcos-net.service': 2 }, frameworks: ['marathon'] },
  packages: [{ appId: '/a/kafka', definition: { name: 'kafka', version: '1.1.0' } }],
})

let installation: WholeInstallation
/** Cells by the start of their minute. */
let cells: Map<string, Cells>
/** The minute of each dialect's events, by who sends and the dialect's name. */
const minutes = new Map<string, string>()
let slots = 0

before(async () => {
  installation = await WholeInstallation.start(
    undefined,
    { HEADCOUNT_WRITE_KEY: key, HEADCOUNT_SENDER_KEYS: signalKey },
    start,
  )
  const countries = path.join(installation.dir, 'countries.mmdb')
  await writeCountryDatabase(countries, '198.19', 'IS')
  installation.settings.HEADCOUNT_GEOIP_MMDB = countries
  await installation.restart()
  await sendAllWays('program', programs, program, uses)
  await sendAllWays('page', pages, page, uses)
  await sendAllWays('nameless page', nameless, page, uses)
  await sendAllWays('remembered page', remembered, { ...page, cookie: `headcount=${'A'.repeat(22)}` }, uses)
  await inOwnSlot('reports native', (at) => sendUses('native', programs.native as Encode, program, reports, at))
  await inOwnSlot('reports dcos-signal', async (at) => {
    for (const { headers, body } of signal(at))
      await send({ method: 'POST', url: '/v1/batch', body: Buffer.from(body), headers: { ...headers } }, program)
  })
  await inOwnSlot('visit native', (at) => sendUses('visit', programs.native as Encode, page, visit, at))
  await inOwnSlot('visit dcos-ui', async (at) => {
    for (const { path: url, body } of uiVisit(user, [['/services', '/services/detail/x']], at))
      await send({ method: 'POST', url, body: Buffer.from(body), headers: { authorization: uiKey } }, page)
  })
  await sendOtherwise()
  await installation.settle()
  cells = await cellsByWindow(installation.headcount, start)
})
after(() => installation.remove())

/** What differs in one thing from what the native dialect was sent: each must show. */
async function sendOtherwise(): Promise<void> {
  const native = programs.native as Encode
  const otherwise = (what: string, headers: Record<string, string>, told: readonly Told[]) =>
    inOwnSlot(`other ${what}`, (at) => sendUses(`other ${what}`, native, { ...program, ...headers }, told, at))
  const [first, ...rest] = uses as readonly [Told, ...Told[]]
  await otherwise('version', {}, [{ ...first, fields: { ...first.fields, version: '2.2' } }, ...rest])
  await otherwise('feature', {}, [{ ...first, feature: 'nodes' }, ...rest])
  await otherwise('device', {}, [{ ...first, device: 'd2' }, ...rest])
  await otherwise('country', { 'x-forwarded-for': '203.0.113.9' }, uses)
  await otherwise('browser', { 'user-agent': page['user-agent'] }, uses)
  await otherwise('measure', {}, [...uses.slice(0, 3), ...withCpu(57)])
  await otherwise('number', {}, [...uses, first])
  await otherwise('stranger', {}, [{ ...first, feature: 'nodes', device: 'd3' }, ...rest])
}

function withCpu(cpu: number): readonly Told[] {
  return reports.map((one) => ('cpu' in one.fields ? { ...one, fields: { ...one.fields, cpu } } : one))
}

async function sendAllWays(
  who: string,
  encodings: Readonly<Record<string, Encode>>,
  headers: Record<string, string>,
  told: readonly Told[],
): Promise<void> {
  for (const [name, encode] of Object.entries(encodings))
    await inOwnSlot(`${who} ${name}`, (at) => sendUses(`${who} ${name}`, encode, headers, told, at))
}

async function inOwnSlot(name: string, sendAt: (at: number) => Promise<void>): Promise<void> {
  const at = Date.parse(start) + slots++ * slotMs
  installation.clock.set(new Date(at).toISOString())
  minutes.set(name, `${new Date(at).toISOString().slice(0, 16)}:00Z`)
  await sendAt(at)
}

async function sendUses(
  name: string,
  encode: Encode,
  headers: Record<string, string>,
  told: readonly Told[],
  at: number,
): Promise<void> {
  for (const [index, one] of told.entries()) await send(encode({ ...one, id: `${name}-${index}`, at }), headers)
}

async function send({ method, url, body, headers }: Sent, sender: Record<string, string>): Promise<void> {
  const asked = { method, headers: { ...sender, ...headers }, ...(method === 'POST' && { body }) }
  const response = await fetch(installation.headcount.collectorUrl + url, asked)
  assert.ok(response.ok, `${url}: ${response.status} ${await response.text()}`)
}

const cellsOf = (name: string) => cells.get(minutes.get(name) ?? '')

for (const [who, encodings, datasets] of [
  ['program', Object.keys(programs), 6],
  ['page', Object.keys(pages), 6],
  ['nameless page', Object.keys(nameless), 6],
  ['remembered page', Object.keys(remembered), 6],
  ['reports', ['native', 'dcos-signal'], 5],
  ['visit', ['native', 'dcos-ui'], 3],
] as const) {
  test(`${who}: the same cells through any two of ${encodings.join(', ')}`, () => {
    for (const one of encodings)
      for (const other of encodings) {
        const [some, others] = [cellsOf(`${who} ${one}`), cellsOf(`${who} ${other}`)]
        assert.ok(some && Object.keys(some).length === datasets, `${one}: ${JSON.stringify(some)}`)
        assert.deepEqual(some, others, `${one} and ${other}`)
      }
  })
}

test('control: one other version, feature, device, country, browser, measure, or one event more, are other cells', () => {
  const differing: Readonly<Record<string, string>> = {
    ...{ version: 'feature_usage', feature: 'feature_usage', device: 'clients', country: 'geography' },
    ...{ browser: 'clients', measure: 'deployments', number: 'clients feature_usage geography' },
  }
  const expected = cellsOf('program native')
  assert.ok(expected)
  for (const [what, datasets] of Object.entries(differing)) {
    const other = cellsOf(`other ${what}`) ?? {}
    const found: string[] = Object.keys(expected).filter(
      (id) => JSON.stringify(other[id]) !== JSON.stringify(expected[id]),
    )
    assert.equal(found.sort().join(' '), datasets, what)
  }
})

test('in the day a device is one through all dialects, and so are a cluster, a browser with our cookie and one without', async () => {
  const rows = await usage(installation.headcount, 'dataset=feature_usage&grain=day&by=feature', start)
  const day = new Map(rows.map(([, feature, events, devices]) => [feature, { events, devices }]))
  const ways = [programs, pages, nameless, remembered].reduce((sum, one) => sum + Object.keys(one).length, 0)
  // Of the eight that differ in one thing, two name another feature, and one has an event more.
  assert.deepEqual(day.get('jobs'), { events: 2 * ways + 8 * 2 - 2 + 1, devices: 2 + 1 + 1 })
  assert.deepEqual(day.get('(other)'), { events: ways + 8, devices: 1 + 1 + 1 })
  for (const { feature } of reports)
    assert.deepEqual(day.get(feature), { events: ways + 8 + 2, devices: 1 }, `${feature}: of one cluster`)
  // Control: two devices are two.
  assert.deepEqual(day.get('nodes'), { events: 2, devices: 2 })
})

test('in the week whoever has no identifier is not counted again, and a device is still one', async () => {
  const rows = await usage(installation.headcount, 'dataset=feature_usage&grain=week&by=feature', '2026-11-16', 7)
  const devices = new Map(rows.map(([, feature, , counted]) => [feature, counted]))
  assert.deepEqual([devices.get('jobs'), devices.get('(other)'), devices.get('mesos_track')], [2 + 1, 1 + 1, 1])
})
