/** From a real access log to a partner's files, by the commands that an operator types. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  type RunningHeadcount,
  removeDirectory,
  runCommand,
  startProcess,
  temporaryDirectory,
} from '../fixtures/headcount-process.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/access-log/${name}`, import.meta.url))
const settings = { HEADCOUNT_CATALOGUE: fixture('catalogue-small-release.yaml') }
const day = '2015-05-18'
const formats = ['csv', 'ndjson', 'parquet', 'arrow']

let dataDir: string
let running: RunningHeadcount | undefined
let key = ''
before(async () => {
  dataDir = await temporaryDirectory()
})
after(async () => {
  await running?.stop()
  await removeDirectory(dataDir)
})

const command = async (...args: string[]) => {
  const { code, output } = await runCommand(dataDir, settings, ...args)
  assert.equal(code, 0, output)
  return output
}

const get = (path: string) =>
  fetch(`${running?.reportingUrl}/partner/v1/${path}`, { headers: { authorization: `Bearer ${key}` } })

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('an imported day is released once: a second command gives the same', async () => {
  await command('import', fixture('apache-access.log.gz'), '--format', 'combined')
  const first = await command('release', '--day', day)
  assert.match(first, /2015-05-18 is published:\n {2}sections +[1-9]\d* rows {3}sha256 [0-9a-f]{64}\n$/)
  assert.ok((await command('release', '--day', day)).endsWith(first))
})

test('what cannot be released is refused with what to do', async () => {
  const refused = async (wanted: string, why: RegExp) => {
    const { code, output } = await runCommand(dataDir, settings, 'release', '--day', wanted)
    assert.equal(code, 1)
    assert.match(output, why)
  }
  await refused('2015-05-32', /is not a day; give it as YYYY-MM-DD/)
  await refused('2014-01-01', /nothing of 2014-01-01 is open/)
  await refused(new Date().toISOString().slice(0, 10), /is not over .* --unfinished/)
  await refused('2999-01-01', /has not begun yet/)
})

test('a partner pulls the same table in four formats, each the bytes that the manifest names', async () => {
  const until = `${new Date().getUTCFullYear() + 1}-01-01`
  const added = await command(
    'partner',
    'add',
    'ACME',
    '--datasets',
    'sections',
    '--purpose',
    'study',
    '--until',
    until,
  )
  key = /key +(hcp_\S+)/.exec(added)?.[1] ?? ''
  running = await startProcess(dataDir, settings)
  const manifest = (await (await get(`datasets/sections/releases/${day}`)).json()) as {
    rows: number
    files: { format: string; sha256: string }[]
  }
  assert.deepEqual(
    manifest.files.map(({ format }) => format),
    formats,
  )
  for (const { format, sha256: expected } of manifest.files) {
    const answer = await get(`datasets/sections/releases/${day}?format=${format}`)
    assert.equal(answer.status, 200)
    assert.equal(sha256(new Uint8Array(await answer.arrayBuffer())), expected)
  }
  const csv = await (await get(`datasets/sections/releases/${day}?format=csv`)).text()
  const ndjson = await (await get(`datasets/sections/releases/${day}?format=ndjson`)).text()
  const [head, ...rows] = csv.trimEnd().split('\r\n')
  assert.equal(head, '"level","feature","devices","events","flags"')
  assert.equal(rows.length, manifest.rows)
  const objects = ndjson
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    objects.map(({ level, feature, devices }) => `"${level}","${feature}",${devices}`),
    rows.map((row) => row.split(',').slice(0, 3).join(',')),
  )
  for (const { devices } of objects) assert.ok(devices >= 70 && devices < 500, `${devices} devices`)
})

test('a release asked for while the installation runs is published by it, and the ledger verifies', async () => {
  const output = await command('release', '--day', '2015-05-19')
  assert.match(output, /2015-05-19 is published/)
  assert.equal((await get('datasets/sections/releases/2015-05-19')).status, 200)
  const head = (await get('datasets')).headers.get('headcount-ledger-head') ?? ''
  assert.match(await command('ledger', 'verify', '--head', head), /The chain is whole.*The head that was kept is in it/)
  const { code, output: wrong } = await runCommand(
    dataDir,
    settings,
    'ledger',
    'verify',
    '--head',
    `1:${'0'.repeat(64)}`,
  )
  assert.equal(code, 1, wrong)
})

test('a revoked partner gets nothing more', async () => {
  const id = /^(\S+) +ACME/m.exec(await command('partner', 'list'))?.[1] ?? ''
  await command('partner', 'revoke', id)
  assert.equal((await get('datasets')).status, 401)
})
