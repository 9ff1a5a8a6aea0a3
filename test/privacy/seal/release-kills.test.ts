/** Kills of seal, release and reservation in short, and their controls. `npm run release-kills` is the long form. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { describeWithRedis, withRedis } from '../../fixtures/redis.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { runBudgetKills } from './budget-kills.ts'
import { type KillEngine, runKills } from './kill-campaign.ts'
import { sealMutations } from './loose-ledger.ts'
import { ReleaseChecks } from './release-checks.ts'
import type { SealPhase } from './seal-phases.ts'
import { writeLog } from './sealed-world.ts'
import type { ToldBytes, ToldRelease } from './told.ts'

const seed = 20_261_125
const log = () => undefined
/** In an order in which one day can be hit by several. */
const aims: readonly SealPhase[] = [
  ...(['reserveClaimed', 'reserveWritten', 'plan', 'bounding', 'drawing', 'saved'] as const),
  ...(['sealingClaimed', 'sealed', 'destroying', 'publishingWritten', 'published'] as const),
]

async function killAll(engine: KillEngine, aims: readonly SealPhase[]): Promise<void> {
  const { mistakes, kills, days } = await runKills({
    kills: aims.length,
    seed,
    engine,
    aims,
    days: 3,
    devices: 120,
    log,
  })
  assert.deepEqual(mistakes, [])
  assert.equal(kills, aims.length)
  assert.ok(days >= 2)
}

test('killed in each phase of seal and release, nothing is spent, drawn or served twice', () => killAll('lmdb', aims))

for (const mutation of sealMutations) {
  test(`control: with a ledger that in a crash does ${mutation}, it is found`, async () => {
    const shared = { kills: 3, seed, engine: 'lmdb', days: 2, devices: 60, log } as const
    const { mistakesCount } = await runKills({ ...shared, mutation, aims: ['saved', 'sealed', 'sealed'] })
    assert.ok(mistakesCount > 0)
  })
}

test('control: bytes and releases that change are found', () => {
  const told: ToldRelease = { day: '2026-11-23', dataset: 'usage', state: 'PUBLISHED', sha256: 'a' }
  const bytes: ToldBytes = { ...told, release: 'a', sha256: { manifest: 'a', csv: 'b' }, asManifest: true }
  const checks = new ReleaseChecks()
  checks.hear({ release: told })
  checks.hear({ served: bytes })
  checks.hear({ release: told })
  assert.deepEqual(checks.mistakes, [])
  checks.hear({ served: { ...bytes, sha256: { manifest: 'a', csv: 'c' } } })
  checks.hear({ release: { ...told, sha256: 'd' } })
  checks.hear({ served: { ...bytes, release: 'd' } })
  assert.equal(checks.mistakesCount, 3)
})

test('killed while it counts, the same key gives the same cells, and nothing that came later', () =>
  withTemporaryDirectory(async (dir) => {
    const day = '2026-10-20'
    await writeLog(path.join(dir, 'first', 'log'), { days: [day], after: 0 }, 400, seed)
    await cp(path.join(dir, 'first'), path.join(dir, 'second'), { recursive: true })
    const first = await count(dir, 'first', [day])
    assert.match(first, /"units":400,/)
    for (const [phase, times] of [
      ['reading', '1'],
      ['bounding', '1'],
      ['reading', '2'],
      ['bounding', '20'],
    ] as const)
      assert.equal(await count(dir, 'second', [day, phase, times, '1']), '', 'it was killed')
    assert.equal(await count(dir, 'second', [day, '', '0', '2']), first)
    const changed = await count(dir, 'second', ['2026-10-21'])
    assert.notEqual(changed, first, 'the control: another day has other cells')
  }))

async function count(dir: string, folder: string, rest: readonly string[]): Promise<string> {
  const host = fileURLToPath(new URL('./cells-host.ts', import.meta.url))
  const args = ['--import', import.meta.resolve('tsx'), host, path.join(dir, folder), ...rest]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return await text(child.stdout)
}

async function killReservations(dir: string, redisUrl: string): Promise<void> {
  const { kills, granted, refused, mistakes } = await runBudgetKills(dir, redisUrl, 6)
  assert.deepEqual(mistakes, [])
  assert.equal(kills, 5)
  assert.ok(granted > 0 && refused > 0, `${granted} granted, ${refused} refused`)
}

test('killed at each state of a reservation, the budget holds and what was granted stays', () =>
  withTemporaryDirectory((dir) => killReservations(dir, '')))

describeWithRedis('kills, with Redis', () => {
  test('killed in each phase of seal and release, nothing is spent, drawn or served twice', () =>
    killAll(
      'redis',
      aims.filter((_, index) => index % 2 === 1),
    ))

  test('killed at each state of a reservation, the budget holds and what was granted stays', () =>
    withRedis({}, ({ url }) => withTemporaryDirectory((dir) => killReservations(dir, url))))
})
