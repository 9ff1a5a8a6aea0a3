/**
 * share-aggregate: "we may provide aggregate usage information to our partners". What a partner gets is a release: frozen,
 * with noise in every number, and without cells that are too small. It gets nothing else.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { hardFloor } from '../privacy/attack/hard-floor.ts'
import { thresholdLeak } from '../privacy/attack/threshold-leak.ts'
import { devicesOnDay, ReleasedDay, releasedDataset, releasedDay } from '../privacy/canary-release.ts'
import { seededRandom } from '../services/release/seeded-random.ts'

let day: ReleasedDay
let key: string
before(async () => {
  day = await ReleasedDay.start()
  key = await day.partner()
})
after(() => day.remove())

const sha256 = (bytes: ArrayBuffer) => createHash('sha256').update(Buffer.from(bytes)).digest('hex')

interface Row {
  readonly feature: string
  readonly devices: number
  readonly events: number
}

/** What a partner reads of the day. */
async function published(): Promise<Row[]> {
  const text = await (await day.pull(key, '?format=ndjson')).text()
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
}

test('it is published by itself, with noise in the counts, and near what was counted', async () => {
  const rows = await published()
  assert.deepEqual(rows.map(({ feature }) => feature).sort(), ['blog', 'docs', 'files'])
  for (const { feature, devices } of rows)
    assert.ok(Math.abs(devices - (devicesOnDay[feature] ?? 0)) < 120, `${feature}: ${devices}`)
  // All six numbers being exact happens once in some 10^10 releases.
  assert.ok(rows.some(({ feature, devices, events }) => devices !== devicesOnDay[feature] || events !== devices))
})

test('three devices are too few to be in it, in any format; analysts’ own tables have them', async () => {
  for (const format of ['csv', 'ndjson', 'parquet', 'arrow']) {
    const answer = await day.pull(key, `?format=${format}`)
    const text = Buffer.from(await answer.arrayBuffer()).toString('latin1')
    assert.equal(answer.status, 200)
    assert.ok(text.includes('docs'), `${format} has the others`)
    assert.ok(!text.includes('misc'), format)
  }
  const [row] = await day.world.headcount.engines.warehouse.select<{ devices: string }>(
    `SELECT toString(devices) AS devices FROM cells WHERE dataset = '${releasedDataset}' AND grain = 'day' AND d_feature = 'misc' AND stage = 'final' AND by = 'feature'`,
  )
  assert.deepEqual(row, { devices: '3' }, 'the control: they were counted')
})

test('it is frozen: the same bytes each time, after a restart and another request too, and the ledger has their SHA-256', async () => {
  const other = await day.partner()
  const pulls = async () => [await day.pull(key), await day.pull(other), await day.pull(key)]
  const hashes = async () => Promise.all((await pulls()).map(async (answer) => sha256(await answer.arrayBuffer())))
  const first = await hashes()
  await day.world.restart()
  const { reportingUrl, credentials } = day.world.headcount
  const again = await fetch(`${reportingUrl}/api/v1/releases`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ day: releasedDay }),
  })
  assert.equal(again.status, 200)
  assert.equal(new Set([...first, ...(await hashes())]).size, 1)
  const manifest = await (await day.pull(key, '')).arrayBuffer()
  const state = (await day.world.headcount.ledger.state()).release(releasedDay, releasedDataset)
  assert.equal(sha256(manifest), state?.sha256)
  const { files } = JSON.parse(Buffer.from(manifest).toString()) as { files: { format: string; sha256: string }[] }
  assert.equal(files.find(({ format }) => format === 'csv')?.sha256, first[0])
})

test('a partner gets nothing else: no live table, no other dataset, no day that is not published, no metric', async () => {
  for (const [where, status] of [
    ['/api/v1/datasets', 401],
    [`/api/v1/usage?dataset=${releasedDataset}`, 401],
    ['/metrics', 401],
    ['/partner/v1/datasets/inside/releases', 404],
    [`/partner/v1/datasets/${releasedDataset}/releases/2026-11-21`, 404],
    [`/partner/v1/datasets/${releasedDataset}/releases/${releasedDay}`, 200],
  ] as const)
    assert.equal((await day.ask(where, key)).status, status, where)
})

for (const { id, name, run } of [hardFloor, thresholdLeak])
  test(`an attack on releases fails, and succeeds without the safeguard: ${name}`, async () => {
    const random = seededRandom(`share-aggregate ${id}`)
    const trials = { [hardFloor.id]: hardFloor.trialsShort, [thresholdLeak.id]: thresholdLeak.trialsShort }[id] ?? 0
    const { verdict, figure, controlFigure } = await run({ trials, random, onProgress: () => undefined })
    assert.equal(verdict, 'withstood', `${figure}; control ${controlFigure}`)
  })
