/** The package that `npm run build` makes of the sender, as a program elsewhere has it: plain JavaScript, nothing beside it. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildSender } from '../../../infra/build-sender.ts'
import { nowhere, recordingCollector } from './recording-collector.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const writeKey = 'a-write-key-of-tests'
const endMsMax = 60_000

let dir: string
let command: string
before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-package-'))
  const home = path.join(dir, 'node_modules/headcount-sender')
  await buildSender(home)
  command = path.join(home, 'command.js')
})
after(() => rm(dir, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function ended(child: ChildProcess, input = ''): Promise<Ended> {
  let [out, err] = ['', '']
  child.stdout?.on('data', (piece) => {
    out += piece
  })
  child.stderr?.on('data', (piece) => {
    err += piece
  })
  child.stdin?.end(input)
  const late = setTimeout(() => child.kill('SIGKILL'), endMsMax)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(late)
  return { code, out, err }
}

function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { PATH = '' } = process.env
  return { PATH, HEADCOUNT_WRITE_KEY: writeKey, ...more }
}

/**
 * Runs a host: a module that has the package, and `createSender` and `options` at hand.
 * @param blocksMax of 512 bytes (of 1,024 where sh is bash): what a file may have
 */
async function host(name: string, url: string, code: string, blocksMax?: number): Promise<Ended> {
  const file = path.join(dir, `${name}.mjs`)
  const options = { url, writeKey, spoolDir: path.join(dir, name), syncMs: 5, batchMs: 5 }
  const head = `import { createSender } from 'headcount-sender'\nconst options = ${JSON.stringify(options)}\n`
  await writeFile(file, head + code)
  if (blocksMax === undefined) return ended(spawn(process.execPath, [file], { env: environment() }))
  const limited = `ulimit -f ${blocksMax}; exec "$0" "$1"`
  return ended(spawn('sh', ['-c', limited, process.execPath, file], { env: environment() }))
}

const run = (args: string[], input = '', more: Record<string, string> = {}) =>
  ended(spawn(process.execPath, [command, ...args], { env: environment(more) }), input)

test('a program sends with it, and its types are right for a strict compiler', async () => {
  await using collector = await recordingCollector()
  const code = `
const sender = createSender(options)
sender.track({ feature: 'services', device: 'd-1' })
console.log(await sender.close())`
  assert.deepEqual(await host('sends', collector.url, code), { code: 0, out: 'true\n', err: '' })
  assert.equal(collector.taken.length, 1)

  const types = `import { createSender, type Sender } from 'headcount-sender'
const sender: Sender = createSender({ url: 'http://127.0.0.1:8080', writeKey: 'k' })
const taken: boolean = sender.track({ feature: 'a', cpus: 4 })
// @ts-expect-error an event has a feature
sender.track({ device: 'd-1' })
// @ts-expect-error a nested value is never kept
sender.track({ feature: 'a', nested: {} })
export const accepted: number = taken ? sender.stats.accepted : 0
`
  await writeFile(path.join(dir, 'types.mts'), types)
  await mkdir(path.join(dir, 'node_modules/@types'), { recursive: true })
  for (const name of ['@types/node', 'undici-types'])
    await symlink(path.join(root, 'node_modules', name), path.join(dir, 'node_modules', name))
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--module', 'nodenext', '--types', 'node']
  await promisify(execFile)(path.join(root, 'node_modules/.bin/tsc'), [...strict, 'types.mts'], { cwd: dir })
})

test('a host that ends is not kept by its sender, with nobody there or with somebody who never answers', async () => {
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const hung = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const code = `
const sender = createSender(options)
for (let number = 0; number < 1000; number++) sender.track({ feature: 'services', number })
const startedAt = performance.now()
const look = setInterval(() => {
  const { requests, spoolBytes } = sender.stats
  if ((requests === 0 || spoolBytes === 0) && performance.now() - startedAt < 10_000) return
  clearInterval(look)
  console.log(requests)
}, 20)`
  for (const [name, url] of [
    ['nobody', nowhere],
    ['hung', hung],
  ] as const) {
    const { code: exit, out, err } = await host(name, url, code)
    assert.deepEqual([exit, err], [0, ''], name)
    assert.ok(Number(out) > 0, 'control: a request was under way')
    assert.ok((await readdir(path.join(dir, name))).some((file) => file.endsWith('.ndjson')))
  }
  silent.close()
})

test('close comes back in time, and a host that awaits it ends well', async () => {
  const code = `
const sender = createSender(options)
sender.track({ feature: 'services' })
const startedAt = performance.now()
console.log(await sender.close(3000), sender.stats.spoolBytes > 0)
if (performance.now() - startedAt > 20_000) throw new Error('it took too long')`
  assert.deepEqual(await host('closes', nowhere, code), { code: 0, out: 'false true\n', err: '' })
})

test('with its folder taken away, connections reset and answers spoiled, no rejection and no exception reaches the host', async () => {
  let answers = 0
  await using collector = await recordingCollector((_received, response) => {
    const kind = answers++ % 4
    if (kind === 0) response.socket?.destroy()
    if (kind === 1)
      response.writeHead(200, { 'content-length': '100' }).write('{"accep', () => response.socket?.destroy())
    if (kind === 2) response.writeHead(503, { 'retry-after': '0' }).end()
    return kind < 3
  })
  const code = `
import { rmSync } from 'node:fs'
for (const name of ['unhandledRejection', 'uncaughtException', 'warning'])
  process.on(name, (what) => { console.log(name, what); process.exitCode = 1 })
const sender = createSender({ ...options, onWarning: () => undefined, onAnswered: () => { throw new Error('mine') } })
for (let round = 0; round < 60; round++) {
  for (let number = 0; number < 20; number++) sender.track({ feature: 'services', number })
  if (round % 20 === 10) rmSync(options.spoolDir, { recursive: true, force: true })
  await sender.flush(200)
}
await Promise.all([sender.close(1000), sender.close(), sender.flush(), sender.handedOver(100)])
console.log(sender.stats.accepted > 0, sender.track({ feature: 'late' }))`
  const result = await host('troubled', collector.url, code)
  assert.deepEqual(result, { code: 0, out: 'true false\n', err: '' })
  assert.ok(answers > 8, `${answers} answers`)
})

test('a disk that is full in the middle of a file takes nothing back of what was handed over', async () => {
  await using collector = await recordingCollector()
  const code = `
const sender = createSender({ ...options, batchMs: 3600000, batchEventsMax: 2500, onWarning: () => undefined })
let [tracked, handed] = [0, 0]
const track = () => { for (let more = 0; more < 50; more++) sender.track({ feature: 'services', id: 'e-' + tracked++ }) }
for (track(); await sender.handedOver(2000); track()) handed = tracked
console.log(handed)
process.kill(process.pid, 'SIGKILL')`
  const { out, code: exit } = await host('full', nowhere, code, 60)
  const handed = Number(out)
  assert.equal(exit, null)
  assert.ok(handed >= 100, `control: the first writes went well: ${handed}`)
  const send = `
const sender = createSender(options)
console.log(await sender.close(20000))`
  assert.equal((await host('full', collector.url, send)).out, 'true\n')
  const taken = new Set(collector.taken)
  for (let event = 0; event < handed; event++) assert.ok(taken.has(`e-${event}`), `e-${event} of ${handed}`)
})

const lines = '{"feature":"services","id":"e-1","time":"2026-11-20T00:00:00Z"}\nno event\n{"feature":"jobs"}\n'

test('the command sends what it reads, and names the line that is no event', async () => {
  await using collector = await recordingCollector()
  const { code, out, err } = await run(['--url', collector.url], lines)
  assert.equal(collector.taken.length, 2)
  assert.deepEqual([code, out], [1, ''])
  assert.match(err, /line 2 is no JSON object; it is left out\n2 accepted, 0 rejected/)
})

test('what the command cannot send waits in the spool; --show prints it and takes nothing; the next run sends it', async () => {
  await using collector = await recordingCollector()
  const spool = path.join(dir, 'command-spool')
  const kept = await run(['--url', nowhere, '--spool', spool], '{"feature":"services","id":"e-1"}\n')
  assert.equal(kept.code, 0)
  assert.match(kept.err, /bytes of events wait in .*command-spool: run it again/)
  const shown = await run(['--url', collector.url, '--spool', spool, '--show'], '{"feature":"jobs","id":"e-2"}\n')
  assert.deepEqual([shown.code, collector.requests], [0, []])
  assert.match(shown.out, /^POST .*\/v1\/events\nauthorization: Bearer <write key>\n.*"id":"e-1".*"id":"e-2"/s)
  assert.doesNotMatch(shown.out, new RegExp(writeKey))
  await run(['--url', collector.url, '--spool', spool])
  assert.deepEqual(collector.taken, ['e-1'])
})

test('HEADCOUNT_TELEMETRY=off keeps the command from sending, and what is missing is named', async () => {
  await using collector = await recordingCollector()
  await run(['--url', collector.url], lines, { HEADCOUNT_TELEMETRY: 'off' })
  assert.deepEqual(collector.requests, [])
  const { code, err } = await run([])
  assert.equal(code, 2)
  assert.match(err, /`--url` is missing/)
  const { err: keyless } = await run(['--url', nowhere], lines, { HEADCOUNT_WRITE_KEY: '' })
  assert.match(keyless, /HEADCOUNT_WRITE_KEY is missing/)
})
