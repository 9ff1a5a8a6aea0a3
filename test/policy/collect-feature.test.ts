/**
 * collect-feature: "the feature you are using … how and when pages and features are visited and by how many people". For
 * every grain what is answered equals a count of the same input that shares no code with Headcount.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { WholeInstallation } from '../privacy/whole-installation.ts'
import { type Counts, countSent, differences, type Grain, grains } from './check/count-sent.ts'
import { type SentEvent, sendHours } from './check/send-hours.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/access-log/${name}`, import.meta.url))
let installation: WholeInstallation | undefined
after(() => installation?.remove())

/** What the API says, by `window feature …`. @param by dimensions that the answer is by */
async function answered(query: string, by: number): Promise<Counts> {
  const { reportingUrl, credentials } = installation!.headcount
  const response = await fetch(`${reportingUrl}/api/v1/usage?metrics=events,devices&${query}`, {
    headers: { authorization: `Bearer ${credentials.adminToken}` },
  })
  const body = (await response.json()) as { rows: [string, ...unknown[]][]; suppressed: number }
  assert.equal(response.status, 200, JSON.stringify(body))
  assert.equal(body.suppressed, 0)
  return Object.fromEntries(
    body.rows.map((row) => [
      [row[0].slice(0, 16), ...row.slice(1, 1 + by)].join(' '),
      [Number(row[1 + by]), Number(row[2 + by])],
    ]),
  )
}

/** Whole windows around a midnight that ends a Sunday and a May. */
const ranges: Record<Grain, string> = {
  minute: 'from=2026-05-30&to=2026-06-02',
  hour: 'from=2026-05-30&to=2026-06-02',
  day: 'from=2026-05-30&to=2026-06-02',
  week: 'from=2026-05-25&to=2026-06-08',
  month: 'from=2026-05-01&to=2026-07-01',
}
const sets = [[], ['feature'], ['feature', 'version']] as const
let sent: readonly SentEvent[]

test('generated events over a week’s and a month’s end: counts and uniques of every grain equal the independent count', async () => {
  installation = await WholeInstallation.start(undefined, {}, '2026-05-31T19:00:00Z')
  sent = await sendHours(installation, 10)
  await installation.settle()
  for (const grain of grains)
    for (const by of sets) {
      const expected = countSent(sent, grain, by)
      assert.ok(Object.keys(expected).length >= (by.length === 0 ? 2 : 10), `${grain} has windows on both sides`)
      const query = `dataset=feature_usage&grain=${grain}&by=${by}&${ranges[grain]}`
      assert.deepEqual(differences(await answered(query, by.length), expected), [], `${grain} by ${by}`)
    }
})

test('the control: a count of one event more, fewer, or by another device, is another count in every grain', async () => {
  const one = sent.find(({ unit, isLate }) => unit.startsWith('device') && !isLate)!
  const without = sent.filter(({ id }) => id !== one.id)
  for (const grain of grains) {
    const query = `dataset=feature_usage&grain=${grain}&by=feature,version&${ranges[grain]}`
    const told = await answered(query, 2)
    const another = { ...one, id: 'another', feature: 'settings', unit: 'device nobody' }
    for (const wrong of [without, [...sent, { ...one, id: 'one more' }], [...without, another]])
      assert.notDeepEqual(differences(told, countSent(wrong, grain, ['feature', 'version'])), [], grain)
  }
})

test('reports that every master of a cluster sends count once a slot, with the cluster as who is counted', async () => {
  const reports = sent.filter(({ feature, isLate }) => feature === 'mesos_track' && !isLate)
  const slots = new Set(reports.map(({ time, unit }) => `${unit} ${Math.floor(time / 300_000)}`))
  assert.ok(reports.length > slots.size * 1.5, `${reports.length} reports in ${slots.size} slots`)
  const told = await answered(`dataset=deployments&grain=month&${ranges.month}`, 0)
  assert.equal(
    Object.values(told).reduce((sum, [events]) => sum + events, 0),
    slots.size,
  )
})

test('after days, weeks and months have closed the integers that are left are the same', async () => {
  await installation!.passTo('2026-07-03T00:00:41Z')
  assert.deepEqual(await installation!.headcount.worker.keyTimes(), [])
  for (const grain of ['hour', 'day', 'week', 'month'] as const)
    for (const by of sets) {
      const query = `dataset=feature_usage&grain=${grain}&by=${by}&${ranges[grain]}`
      assert.deepEqual(
        differences(await answered(query, by.length), countSent(sent, grain, by)),
        [],
        `${grain} by ${by}`,
      )
    }
  const minutes = await answered(`dataset=feature_usage&grain=minute&${ranges.minute}`, 0)
  assert.deepEqual(minutes, {}, 'minutes are kept for 48 hours')
})

test('a slice of an access log over a week’s end: as awk counts it, in every grain', async () => {
  await installation?.remove()
  const log = gunzipSync(readFileSync(fixture('apache-access.log.gz')))
    .toString('latin1')
    .trim()
    .split('\n')
  // Sunday from 17:00 on, and Monday until 17:00.
  const slice = log.filter((line) => /\[(?:17\/May\/2015:(?:1[7-9]|2)|18\/May\/2015:(?:0|1[0-6]))/.test(line))
  assert.ok(slice.length > 2500 && slice.length < 3500, `${slice.length} lines`)
  installation = await WholeInstallation.start(
    undefined,
    { HEADCOUNT_CATALOGUE: fixture('catalogue.yaml') },
    '2015-05-18T18:00:00Z',
  )
  const occurrences = new Map<string, number>()
  const numbered = slice.map((line) => {
    const occurrence = (occurrences.get(line) ?? 0) + 1
    occurrences.set(line, occurrence)
    return { occurrence, line }
  })
  for (let at = 0; at < numbered.length; at += 500)
    await installation.headcount.desk.append(numbered.slice(at, at + 500), 'combined', true)
  await installation.settle()
  const program = fileURLToPath(new URL('check/count-log.awk', import.meta.url))
  const output = execFileSync('awk', ['-f', program], {
    input: Buffer.from(`${slice.join('\n')}\n`, 'latin1'),
    env: { LC_ALL: 'C', PATH: process.env.PATH },
  })
  const lines = output
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  for (const grain of grains) {
    // Nobody in a log is known again on another day: weeks and months count requests only.
    const people = (uniques: string | undefined) => (grain === 'week' || grain === 'month' ? 0 : Number(uniques))
    const expected: Counts = Object.fromEntries(
      lines
        .filter(([of]) => of === grain)
        .map(([, window, section, requests, uniques]) => [`${window} ${section}`, [Number(requests), people(uniques)]]),
    )
    const range = { minute: '16&to=2015-05-20', hour: '16&to=2015-05-20', day: '16&to=2015-05-20' }
    const wide = { week: '11&to=2015-05-25', month: '01&to=2015-06-01' }
    const query = `dataset=sections&by=feature&grain=${grain}&from=2015-05-${{ ...range, ...wide }[grain]}`
    assert.deepEqual(differences(await answered(query, 1), expected), [], grain)
  }
})
