/** One installation handed over to another by the commands that an operator types, with the process killed in the middle. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { mustBeEmpty } from '../../services/transfer/empty-installation.ts'
import { refuseUnfinished } from '../../services/transfer/restore-mark.ts'
import { readConfig } from '../../shared/config.ts'
import { removeDirectory, runCommand, startProcess, temporaryDirectory, usage } from '../fixtures/headcount-process.ts'
import { withStoresOf } from '../services/transfer/opened.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const fixture = (name: string) => path.join(root, 'test/fixtures/access-log', name)
const settings = { HEADCOUNT_CATALOGUE: fixture('catalogue-small-release.yaml'), HEADCOUNT_K: '1' }
/** Kills of a restore, so long after it has begun to write. */
const killsAfterMs = [0, 40, 90, 180, 350]

let dir: string
let sha256 = ''
const place = (name: string) => path.join(dir, name)
before(async () => {
  dir = await temporaryDirectory()
  const lines = gunzipSync(await readFile(fixture('apache-access.log.gz')))
    .toString('latin1')
    .split('\n')
  await writeFile(place('access.log'), `${lines.slice(0, 600).join('\n')}\n`, 'latin1')
})
after(() => removeDirectory(dir))

const command = (name: string, ...args: string[]) => runCommand(place(name), settings, ...args)

test('export-all says what is open, and closes it when told to', async () => {
  assert.equal((await command('source', 'import', place('access.log'), '--format', 'combined')).code, 0)
  const to = ['--to', 'ACME Ltd', '--case', 'T-1']
  const refused = await command('source', 'export-all', place('export'), ...to)
  assert.equal(refused.code, 1, refused.output)
  assert.match(refused.output, /still open: day:2015-05-17.*--open leave-out/)
  const named = await command('source', 'export-all', place('export'), '--to', 'jane@example.com', '--case', 'T-1')
  assert.match(named.output, /--to looks like something that identifies somebody/)
  const { code, output } = await command('source', 'export-all', place('export'), ...to, '--open', 'close')
  assert.equal(code, 0, output)
  assert.match(
    output,
    /day:2015-05-17 is closed[\s\S]*month:2015-05-01 is closed[\s\S]*Nothing was open: it is everything/,
  )
  sha256 = /sha256 {2}([0-9a-f]{64})/.exec(output)?.[1] ?? ''
})

test('another sha256 than the one that was told: nothing is restored', async () => {
  const { code, output } = await command('target', 'restore', place('export'), '--sha256', 'a'.repeat(64))
  assert.equal(code, 1)
  assert.match(output, new RegExp(`has the sha256 ${sha256}, not the one that was given`))
})

/** Runs `restore` and kills it some time after it has begun to write. */
async function killedRestore(afterMs: number): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'services/command-line/headcount.ts', 'restore', place('export')],
    { cwd: root, env: { ...process.env, ...settings, HEADCOUNT_DATA_DIR: place('target') }, stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  while (!existsSync(path.join(place('target'), 'warehouse', 'store')) && child.exitCode === null) await sleep(2)
  await Promise.race([sleep(afterMs), ended])
  child.kill('SIGKILL')
  await ended
}

const config = () => readConfig({ ...settings, HEADCOUNT_DATA_DIR: place('target') })

test('killed with -9 in the middle, time and again: empty or refused to everybody, and the next one is whole', async () => {
  let last = ''
  for (const afterMs of killsAfterMs) {
    await killedRestore(afterMs)
    last = await withStoresOf(config(), async (stores) => {
      const holds = async (check: Promise<void>) => check.then(() => true).catch(() => false)
      if (!(await holds(refuseUnfinished(stores.warehouse)))) return 'refused'
      return (await holds(mustBeEmpty(stores))) ? 'empty' : 'whole'
    })
    // It was faster than the kill.
    if (last === 'whole') break
  }
  if (last === 'refused') {
    const { code, output } = await command('target', 'ledger', 'verify')
    assert.equal(code, 1)
    assert.match(output, /was being restored into this warehouse, and that has not ended/)
  }
  const { code, output } = await command('target', 'restore', place('export'), '--sha256', sha256)
  if (last === 'whole') assert.match(output, /not empty/)
  else assert.equal(code, 0, output)
  const head = JSON.parse(await readFile(path.join(place('export'), 'manifest.json'), 'utf8')).ledger
  const verified = await command('target', 'ledger', 'verify', '--head', `${head.seq}:${head.hash}`)
  assert.equal(verified.code, 0, verified.output)
  assert.match(verified.output, /The head that was kept is in it/)
})

test('the other installation runs and answers; while it runs it is exported by nobody', async () => {
  const running = await startProcess(place('target'), settings)
  try {
    const query = 'dataset=sections&by=feature&grain=day&from=2015-05-17&to=2015-05-18'
    const { rows } = await usage(running, place('target'), query)
    assert.ok(rows.length > 3, JSON.stringify(rows))
    const { code, output } = await command('target', 'export-all', place('more'), '--to', 'X', '--case', 'T-2')
    assert.equal(code, 1)
    assert.match(output, /is in use by process \d+/)
  } finally {
    await running.stop()
  }
})
