import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { checkNode } from '../../../services/command-line/doctor-machine.ts'
import { checkKeys } from '../../../services/command-line/doctor-running.ts'
import { systemClock } from '../../../shared/clock.ts'
import { readConfig, settings, variableName } from '../../../shared/config.ts'
import { createLogger } from '../../../shared/logger.ts'
import { dayMs } from '../../../shared/window.ts'
import { runCommand, temporaryFolder } from './command.ts'

const freePorts = { HEADCOUNT_COLLECTOR_PORT: '0', HEADCOUNT_REPORTING_PORT: '0' }

test('a machine on which Headcount will run passes', async () => {
  await using folder = await temporaryFolder()
  const dataDir = path.join(folder.path, 'not', 'there', 'yet')
  const { code, output } = await runCommand(['doctor'], { ...freePorts, HEADCOUNT_DATA_DIR: dataDir })
  assert.equal(code, 0, output)
  assert.match(output, /ok {4}Node/)
  assert.match(output, /ok .*will be made at the first start/)
  assert.match(output, /ok .*lmdb works/)
  assert.match(output, /ok .*chdb works/)
  assert.match(output, /readonly=1/)
  await assert.rejects(readFile(path.join(folder.path, 'not')), { code: 'ENOENT' }, 'the doctor makes nothing')
})

test('a wrong setting fails with its variable', async () => {
  const { code, output } = await runCommand(['doctor'], { HEADCOUNT_LINGER_MS: 'soon' })
  assert.equal(code, 1)
  assert.match(output, /FAIL .*HEADCOUNT_LINGER_MS is "soon"; it must be a whole number/)
})

test('a wrong catalogue fails with file and line', async () => {
  await using folder = await temporaryFolder()
  const file = path.join(folder.path, 'mine.yaml')
  await writeFile(file, 'version: "1"\nfeatures: []\n')
  const { code, output } = await runCommand(['doctor'], {
    ...freePorts,
    HEADCOUNT_CATALOGUE: file,
    HEADCOUNT_DATA_DIR: folder.path,
  })
  assert.equal(code, 1)
  assert.match(output, /FAIL {2}catalogue/)
  assert.match(output, /mine\.yaml:2: /)
})

test('a port that is taken fails with its variable', async () => {
  await using folder = await temporaryFolder()
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const { code, output } = await runCommand(['doctor'], {
      HEADCOUNT_COLLECTOR_PORT: String(port),
      HEADCOUNT_REPORTING_PORT: String(port),
      HEADCOUNT_DATA_DIR: folder.path,
    })
    assert.equal(code, 1)
    assert.match(output, new RegExp(`FAIL {2}port ${port} of collector .*HEADCOUNT_COLLECTOR_PORT`))
    assert.match(output, new RegExp(`FAIL {2}port ${port} of reporting .*HEADCOUNT_REPORTING_PORT`))
  } finally {
    server.close()
  }
})

test('credentials that others can read fail, and are not printed', async () => {
  await using folder = await temporaryFolder()
  const secret = 'never-to-be-printed-0123456789'
  const file = path.join(folder.path, 'credentials.json')
  await writeFile(file, JSON.stringify({ writeKey: secret, adminToken: secret, analystToken: secret }))
  await chmod(file, 0o644)
  const { code, output } = await runCommand(['doctor'], {
    ...freePorts,
    HEADCOUNT_DATA_DIR: folder.path,
    HEADCOUNT_WRITE_KEY: secret,
  })
  assert.equal(code, 1)
  assert.match(output, /FAIL {2}credentials.json can be read by other users .*chmod 600/)
  assert.ok(!output.includes(secret))
})

test('a data folder that is open to others is a warning', async () => {
  await using folder = await temporaryFolder()
  await chmod(folder.path, 0o755)
  const { code, output } = await runCommand(['doctor'], { ...freePorts, HEADCOUNT_DATA_DIR: folder.path })
  assert.equal(code, 0)
  assert.match(output, /warn .*open to other users .*chmod 700/)
})

test('a data folder that is a file fails', async () => {
  await using folder = await temporaryFolder()
  const file = path.join(folder.path, 'data')
  await writeFile(file, '')
  const { code, output } = await runCommand(['doctor'], { ...freePorts, HEADCOUNT_DATA_DIR: file })
  assert.equal(code, 1)
  assert.match(output, /FAIL .*is a file/)
})

test('a data folder that cannot be written fails', {
  skip: process.getuid?.() === 0 && 'root may write everywhere',
}, async () => {
  await using folder = await temporaryFolder()
  const dataDir = path.join(folder.path, 'data')
  await mkdir(dataDir, { mode: 0o500 })
  const { code, output } = await runCommand(['doctor'], { ...freePorts, HEADCOUNT_DATA_DIR: dataDir })
  assert.equal(code, 1)
  assert.match(output, /FAIL .*cannot be written/)
})

test('an older Node than package.json asks for fails', async () => {
  assert.equal((await checkNode('20.18.3')).level, 'FAIL')
  assert.equal((await checkNode('20.19.0')).level, 'ok')
  assert.equal((await checkNode('22.0.0')).level, 'ok')
})

test('a key past its deadline fails, one that should have closed is a warning', () => {
  const now = Date.parse('2026-11-23T12:00:00Z')
  const key = (closes: number, deadline: number) => {
    const rfc3339 = (time: number) => new Date(time).toISOString()
    return [
      {
        epoch: 'day:2026-11-20' as const,
        madeAt: rfc3339(now - 3 * dayMs),
        closesAt: rfc3339(closes),
        deadline: rfc3339(deadline),
      },
    ]
  }
  assert.equal(checkKeys(key(now + 1, now + dayMs), now).level, 'ok')
  assert.equal(checkKeys(key(now - dayMs, now + 1), now).level, 'warn')
  assert.equal(checkKeys(key(now - dayMs, now - dayMs), now).level, 'FAIL')
})

test('--settings prints every variable, and nothing that is set', async () => {
  const { code, output } = await runCommand(['doctor', '--settings'], {
    HEADCOUNT_WRITE_KEY: 'a-key-of-mine-0123456789',
  })
  assert.equal(code, 0)
  const names = output
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0])
  assert.deepEqual(names, Object.keys(settings).map(variableName))
  assert.ok(!output.includes('a-key-of-mine'))
})

test('a running installation is looked at over HTTP, without its tokens in the output', async () => {
  await using folder = await temporaryFolder()
  const { startHeadcount } = await import('../../../services/headcount.ts')
  const environment = { ...freePorts, HEADCOUNT_DATA_DIR: path.join(folder.path, 'data') }
  const headcount = await startHeadcount({
    config: readConfig(environment),
    clock: systemClock,
    logger: createLogger({ logLevel: 'silent' }),
    onFatal: (error) => assert.fail(String(error)),
  })
  try {
    const starting = await runCommand(['doctor'], environment)
    assert.match(starting.output, /warn {2}collector is not ready .*probe/)
    headcount.markReady()
    const { code, output } = await runCommand(['doctor'], environment)
    assert.equal(code, 0, output)
    assert.match(output, /ok {4}collector at \S+ is live and ready/)
    assert.match(output, /ok {4}reporting at \S+ is live and ready/)
    assert.match(output, /ok {4}tables are complete up to \d+ s ago/)
    assert.match(output, /ok {4}quarantine is empty/)
    assert.match(output, /ok {4}\d living epoch keys/)
    for (const secret of Object.values(headcount.credentials)) assert.ok(!output.includes(secret))
  } finally {
    await headcount.close()
  }
})

test('tokens that only the running installation knows are asked for, and none are made', async () => {
  await using folder = await temporaryFolder()
  const { startHeadcount } = await import('../../../services/headcount.ts')
  const environment = { ...freePorts, HEADCOUNT_DATA_DIR: path.join(folder.path, 'data') }
  const headcount = await startHeadcount({
    config: {
      ...readConfig(environment),
      writeKey: 'given-write-key-0001',
      adminToken: 'given-admin-token-0001',
      analystToken: 'given-analyst-token-0001',
    },
    clock: systemClock,
    logger: createLogger({ logLevel: 'silent' }),
    onFatal: (error) => assert.fail(String(error)),
  })
  try {
    const { output } = await runCommand(['doctor'], environment)
    assert.match(output, /warn .*were not looked at .*HEADCOUNT_ADMIN_TOKEN/)
    const demo = await runCommand(['demo', '--seconds', '1'], environment)
    assert.match(demo.output, /Set HEADCOUNT_WRITE_KEY/)
    await assert.rejects(readFile(path.join(folder.path, 'data', 'credentials.json')), { code: 'ENOENT' })
  } finally {
    await headcount.close()
  }
})
