import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  type RunningHeadcount,
  removeDirectory,
  runCommand,
  startProcess,
  temporaryDirectory,
  usage,
} from '../fixtures/headcount-process.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/access-log/${name}`, import.meta.url))
const logFile = fixture('apache-access.log.gz')
const settings = { HEADCOUNT_CATALOGUE: fixture('catalogue.yaml'), HEADCOUNT_K: '1' }
const may = 'from=2015-05-01&to=2015-06-01'

let dataDir: string
let running: RunningHeadcount | undefined
before(async () => {
  dataDir = await temporaryDirectory()
})
after(async () => {
  await running?.stop()
  await removeDirectory(dataDir)
})

/** Requests by `day section` and unique pairs by day, as awk counts them. */
function countIndependently(log: Buffer): { requests: Map<string, number>; uniques: Map<string, number> } {
  const program = fileURLToPath(new URL('count-access-log.awk', import.meta.url))
  const lines = execFileSync('awk', ['-f', program], { input: log, env: { LC_ALL: 'C', PATH: process.env.PATH } })
    .toString()
    .trim()
    .split('\n')
  const requests = new Map<string, number>()
  const uniques = new Map<string, number>()
  for (const line of lines) {
    const [kind, day = '', section = '', count] = line.split(' ')
    if (kind === 'requests') requests.set(`${day} ${section}`, Number(count))
    else uniques.set(day, Number(count))
  }
  return { requests, uniques }
}

async function counted(): Promise<Map<string, number>> {
  assert.ok(running)
  const { rows } = await usage(running, dataDir, `dataset=sections&by=feature&metrics=events&${may}`)
  return new Map(rows.map(([window, feature, events]) => [`${String(window).slice(0, 10)} ${feature}`, Number(events)]))
}

async function assertUniques(expected: Map<string, number>): Promise<void> {
  assert.ok(running)
  const { rows } = await usage(running, dataDir, `dataset=sections&${may}`)
  assert.equal(rows.length, expected.size)
  for (const [window, , devices] of rows) {
    const exact = expected.get(String(window).slice(0, 10)) ?? 0
    assert.ok(Math.abs(Number(devices) - exact) <= exact / 100, `${window}: ${devices} of ${exact}`)
  }
}

const log = gunzipSync(readFileSync(logFile))
const independent = countIndependently(log)

test('the log has what makes it a good test: 10,000 requests, 19 of them repetitions', () => {
  const lines = log.toString('latin1').trim().split('\n')
  assert.equal(lines.length, 10_000)
  assert.equal(lines.length - new Set(lines).size, 19)
  assert.equal(
    [...independent.requests.values()].reduce((sum, one) => sum + one, 0),
    10_000,
  )
})

test('imported with nothing running; requests per day and section equal the independent count exactly', async () => {
  const { code, output } = await runCommand(dataDir, settings, 'import', logFile, '--format', 'combined', '--keep-bots')
  assert.equal(code, 0, output)
  assert.match(output, /counted\s+10000/)
  running = await startProcess(dataDir, settings)
  assert.deepEqual(sorted(await counted()), sorted(independent.requests))
})

test('day uniques of (address, user agent) are within 1 % of exact while the days are open', () =>
  assertUniques(independent.uniques))

test('a second import, beside the running installation, adds nothing', async () => {
  const { code, output } = await runCommand(dataDir, settings, 'import', logFile, '--format', 'combined', '--keep-bots')
  assert.equal(code, 0, output)
  assert.match(output, /counted\s+0\n\s+known already\s+10000/)
  assert.deepEqual(sorted(await counted()), sorted(independent.requests))
})

test('a rotated copy with 500 lines more adds those and nothing else', async () => {
  const lines = log.toString('latin1').trimEnd().split('\n')
  const more = Array.from(
    { length: 500 },
    (_, index) =>
      `198.51.100.${index % 250} - - [20/May/2015:23:${String(index % 60).padStart(2, '0')}:01 +0000] "GET /blog/new-${index} HTTP/1.1" 200 1 "-" "curl/8"`,
  )
  // Rotation has cut off the first thousand lines; what is left of a repeated line keeps its number or a smaller one.
  const rotated = path.join(dataDir, 'rotated.log.gz')
  writeFileSync(rotated, gzipSync(Buffer.from(`${[...lines.slice(1000), ...more].join('\n')}\n`, 'latin1')))
  const { output } = await runCommand(dataDir, settings, 'import', rotated, '--format', 'combined', '--keep-bots')
  assert.match(output, /counted\s+500\n\s+known already\s+9000/)
  const expected = new Map(independent.requests)
  expected.set('2015-05-20 blog', (expected.get('2015-05-20 blog') ?? 0) + 500)
  assert.deepEqual(sorted(await counted()), sorted(expected))
})

test('after closing, the counts are the same, uniques too, and nothing more is taken', async () => {
  for (const day of independent.uniques.keys()) {
    const { code, output } = await runCommand(dataDir, settings, 'close', day)
    assert.equal(code, 0, output)
  }
  const expected = new Map(independent.requests)
  expected.set('2015-05-20 blog', (expected.get('2015-05-20 blog') ?? 0) + 500)
  assert.deepEqual(sorted(await counted()), sorted(expected))
  const uniques = new Map(independent.uniques)
  uniques.set('2015-05-20', (uniques.get('2015-05-20') ?? 0) + 250)
  await assertUniques(uniques)
  const { output } = await runCommand(dataDir, settings, 'import', logFile, '--format', 'combined', '--keep-bots')
  assert.match(output, /counted\s+0\n\s+too late\s+10000/)
})

test('bots are dropped unless they are kept', async () => {
  const other = await temporaryDirectory()
  try {
    const { output } = await runCommand(other, settings, 'import', logFile, '--format', 'combined')
    const count = (name: string) => Number(new RegExp(`${name}\\s+(\\d+)`).exec(output)?.[1])
    assert.equal(count('counted') + count('bots'), 10_000)
    assert.ok(count('bots') > 1000, output)
  } finally {
    await removeDirectory(other)
  }
})

test('a file that is no access log says so, with the line', async () => {
  const other = await temporaryDirectory()
  const file = path.join(dataDir, 'wrong.log')
  writeFileSync(file, 'this is\nno access log\n')
  const { code, output } = await runCommand(other, settings, 'import', file, '--format', 'combined')
  assert.equal(code, 1)
  assert.match(output, /malformed\s+2\s+not the combined format: line 1, 2/)
  const missing = await runCommand(other, settings, 'import', '/nowhere.log', '--format', 'common')
  assert.equal(missing.code, 1)
  assert.match(missing.output, /\/nowhere\.log is not a file/)
  await removeDirectory(other)
})

function sorted(map: Map<string, number>): [string, number][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}
