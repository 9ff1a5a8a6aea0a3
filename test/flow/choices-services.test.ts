/** Choices on real Kafka, with collectors and a worker that are processes of their own. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../infra/services/free-ports.ts'
import { Fleet, fleetSecrets } from '../campaign/fleet.ts'
import { withoutServers } from '../campaign/needed-servers.ts'
import { RoleProcess } from '../campaign/role-process.ts'
import { until } from '../fixtures/until.ts'
import { ChoosingFleet } from './choosing-fleet.ts'

const skip = await withoutServers()
/** Long enough for whoever lets the worker stand still on a busy machine. */
const sessionTimeoutMs = 15_000
let fleet: Fleet
let dir: string
let [first, second] = ['', '']
let choosing: ChoosingFleet

before(async () => {
  if (skip) return
  dir = await mkdtemp(path.join(tmpdir(), 'headcount-choices-'))
  const settings = { HEADCOUNT_SESSION_TIMEOUT_MS: String(sessionTimeoutMs) }
  fleet = await Fleet.start({ dir, brokers: 1, partitions: 1, collectors: 2, workers: 1, catalogue: '', settings })
  choosing = new ChoosingFleet(fleet)
  ;[first = '', second = ''] = fleet.of('collector').map(({ url }) => url)
  await Promise.all(fleet.of('collector').map((one) => one.untilLive('/health/ready')))
})
after(async () => {
  if (skip) return
  await fleet.stop()
  await rm(dir, { recursive: true, force: true, maxRetries: 10 })
})

/** Runs `work` while the worker stands still; what is sent meanwhile is in the log and counted afterwards. */
async function whileWorkerStands(work: () => Promise<void>): Promise<void> {
  const [worker] = fleet.of('worker')
  const began = performance.now()
  worker?.signal('SIGSTOP')
  await work()
  worker?.signal('SIGCONT')
  assert.ok(performance.now() - began < sessionTimeoutMs, 'else its partition would be taken from it')
}

test('an opt-out at one collector is heeded by the other within a second, and so is an opt-in', { skip }, async (t) => {
  const waits: number[] = []
  const waitFor = async (accepted: number, device: string) => {
    const began = performance.now()
    await until(async () => (await choosing.send(second, 'services', device)) === accepted)
    waits.push(performance.now() - began)
  }
  for (let index = 0; index < 12; index++) {
    await sleep(index * 20)
    const device = `wavering-${index}`
    assert.equal(await choosing.send(second, 'services', device), 1, 'the control: before, it is counted')
    await choosing.choose(first, 'opt-out', device)
    await waitFor(0, device)
    assert.equal(await choosing.send(first, 'services', device), 0)
    if (index % 2 === 0) continue
    await choosing.choose(second, 'opt-in', device)
    assert.equal(await choosing.send(second, 'services', device), 1)
  }
  t.diagnostic(`known to the other after at most ${Math.max(...waits).toFixed(0)} ms`)
  assert.ok(Math.max(...waits) < 1000, `it took up to ${Math.max(...waits)} ms`)
})

test('the worker leaves out what was in the log before an opt-out or a deletion, and nobody else', {
  skip,
}, async () => {
  await whileWorkerStands(async () => {
    assert.equal(await choosing.send(first, 'nodes', 'stays', 'leaves', 'deletes'), 3)
    assert.equal(await choosing.send(second, 'nodes', 'leaves', 'deletes', 'stays', 'stays-too'), 4)
    await choosing.choose(first, 'opt-out', 'leaves')
    await choosing.deleteAll(second, 'deletes')
  })
  assert.equal(await choosing.send(second, 'nodes', 'deletes', 'stays', 'stays-too'), 3)
  await choosing.everythingIsCounted(first)
  // stays 3, stays-too 2, and what deletes sent after its deletion.
  assert.deepEqual(await choosing.counted('nodes'), [6, 3])
})

test('after Redis was lost whole, and every process killed, nobody who opted out is counted', { skip }, async () => {
  const roles = [...fleet.of('worker'), ...fleet.of('collector')]
  assert.equal(await choosing.send(first, 'dashboard', 'lost-out', 'lost-in'), 2)
  await choosing.choose(first, 'opt-out', 'lost-out')
  await choosing.everythingIsCounted(first)
  const before = await choosing.counted('dashboard')
  await fleet.redis.kill('SIGKILL')
  for (const entry of await readdir(fleet.redisDir)) await rm(path.join(fleet.redisDir, entry), { recursive: true })
  for (const one of roles) await one.kill()
  await fleet.redis.start()
  for (const one of roles) one.start()
  await Promise.all(roles.map((one) => one.untilLive('/health/ready')))
  for (const collector of [first, second])
    assert.equal(await choosing.send(collector, 'dashboard', 'lost-out', 'lost-in'), 1)
  await choosing.everythingIsCounted(first)
  assert.equal((await choosing.counted('dashboard'))[0], before[0] + 2)
})

test('a process with another choice key takes nothing and ends, saying what to set', { skip }, async () => {
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const stranger = new RoleProcess('collector', 'stranger', url, {
    HEADCOUNT_COLLECTOR_PORT: String(port),
    HEADCOUNT_DATA_DIR: path.join(dir, 'stranger'),
    HEADCOUNT_EVENT_LOG_URL: `kafka://${fleet.kafka.bootstrap.join(',')}/${fleet.topic.replace(/-events$/, '')}`,
    HEADCOUNT_WRITE_KEY: fleetSecrets.writeKey,
    HEADCOUNT_ADMIN_TOKEN: 'another-admin-token-0001',
  })
  stranger.start()
  await until(() => stranger.unplannedEnds > 0, 60_000)
  await stranger.kill()
  assert.match(stranger.output, /begun under another key.*set HEADCOUNT_CHOICE_KEY to the secret that was set then/)
})
