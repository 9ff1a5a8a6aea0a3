/** What is left of a seal that was interrupted at an awkward moment: nothing that tells more than its release. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Random } from '../../../services/command-line/demo-random.ts'
import { releasesTable } from '../../../services/release/release-store.ts'
import { sealDay } from '../../../services/worker/seal/seal-day.ts'
import { askedFor } from '../../../services/worker/seal/seal-requests.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { encodeHead, headKey } from '../../../shared/ledger/ledger-head.ts'
import { overriding } from '../../crash/overriding.ts'
import { MemoryEventLog } from '../../doubles/memory-event-log.ts'
import { MemoryKeyValue } from '../../doubles/memory-key-value.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { until } from '../../fixtures/until.ts'
import { publishedDay as day, withDay } from './published-day.ts'
import { appendRecords, attackCatalogue, partitions, recordsOfDay } from './sealed-world.ts'

const sealSecret = `seal/${day}`

test('an imported day whose first dataset is published before the second is sealed does not close without it', () =>
  withDay(60, 1, async (world) => {
    // The second dataset's files take their time.
    let letGo = () => undefined as unknown
    const gate = new Promise((resolve) => {
      letGo = () => resolve(undefined)
    })
    const { warehouse } = world.engines
    let inserts = 0
    const slow = overriding(warehouse, {
      insert: async (block) => {
        if (block.table === releasesTable && ++inserts === 2) await gate
        await warehouse.insert(block)
      },
    })
    const sealer = world.newSealer({ warehouse: slow })
    await world.ask(sealer)
    await until(async () => {
      assert.equal(await sealer.letsClose(day, false), false, 'its second dataset is still being sealed')
      await sealer.publish()
      return (await world.ledger.state()).release(day, 'usage')?.state === 'PUBLISHED'
    })
    for (let looks = 0; looks < 2; looks++) {
      assert.equal(await sealer.letsClose(day, false), false, 'the other dataset is still to come')
      await sealer.publish()
    }
    assert.equal(await askedFor(world.engines.keyValue, day), true, 'a recent day would wait for its time otherwise')
    letGo()
    await world.finish(sealer)
    assert.equal(await askedFor(world.engines.keyValue, day), false)
  }))

test('a day that was begun is carried through when the request for it has expired', () =>
  withDay(60, 1, async (world) => {
    const dying = world.newSealer({
      warehouse: overriding(world.engines.warehouse, {
        exportBytes: () => new Promise<never>(() => undefined),
      }),
    })
    await world.ask(dying)
    void dying.letsClose(day, false).catch(() => undefined)
    await until(async () => {
      return (await world.ledger.state()).release(day, 'versions')?.state === 'RESERVED'
    })
    await world.engines.keyValue.delete(`release-request/${day}`)
    const sealer = world.newSealer()
    await sealer.start()
    await world.finish(sealer)
  }))

test('of several draws, one of which counts, the others are removed from the tables', () =>
  withDay(60, 1, async (world) => {
    const { warehouse } = world.engines
    // Dies after the first entry, before the losers are looked for, on its way to the second.
    const dying = world.newSealer({
      warehouse: overriding(warehouse, {
        insert: async (block) => {
          if (block.table === releasesTable && block.token.includes('/versions/')) await new Promise(() => undefined)
          await warehouse.insert(block)
          if (block.table === releasesTable) await warehouse.insert(another(block))
        },
        command: (sql, params) =>
          sql.startsWith('ALTER') ? new Promise(() => undefined) : warehouse.command(sql, params),
      }),
    })
    await world.ask(dying)
    void dying.letsClose(day, false).catch(() => undefined)
    await until(async () => {
      return (await world.ledger.state()).release(day, 'usage')?.state === 'SEALED'
    })
    assert.equal(await draws(world), 2)
    const sealer = world.newSealer()
    await sealer.start()
    await world.finish(sealer)
    assert.equal(await draws(world), 1)
  }))

/** The same rows under another release's name: what another process drew. */
function another<Block extends { lines: string; token: string }>(block: Block): Block {
  const [line = ''] = block.lines.split('\n')
  const release = line.split('\t')[2] ?? ''
  const other = 'f'.repeat(64)
  return { ...block, lines: block.lines.replaceAll(release, other), token: `${block.token}/another` }
}

async function draws({ engines }: Parameters<Parameters<typeof withDay>[2]>[0]): Promise<number> {
  const [found] = await engines.warehouse.select<{ n: string }>(
    `SELECT uniqExact(release) AS n FROM ${releasesTable} WHERE dataset = 'usage'`,
  )
  return Number(found?.n)
}

test('the key of a seal goes at the deadline, also when the ledger cannot be trusted', () =>
  withDay(60, 1, async ({ engines, newSealer }) => {
    const { keyValue } = engines
    await keyValue.secrets.createOnce(sealSecret, () => Buffer.alloc(32, 1))
    await keyValue.put(headKey, encodeHead({ seq: 7, hash: 'f'.repeat(64) }, []))
    const sealer = newSealer()
    await sealer.start()
    assert.equal(await sealer.letsClose(day, false), false)
    assert.equal(await keyValue.secrets.isDestroyed(sealSecret), false, 'control: it lives until then')
    assert.equal(await sealer.letsClose(day, true), true)
    assert.equal(await keyValue.secrets.isDestroyed(sealSecret), true)
  }))

test('the key of a seal goes when the process died after it had given the day up', () =>
  withDay(60, 1, async ({ engines, ledger, newSealer }) => {
    const { secrets } = engines.keyValue
    await secrets.createOnce(sealSecret, () => Buffer.alloc(32, 1))
    await ledger.append(() => ({ events: [{ kind: 'day.unsealed', day, why: 'test' }], result: undefined }))
    const sealer = newSealer()
    await sealer.start()
    assert.equal(await sealer.letsClose(day, false), true)
    assert.equal(await secrets.isDestroyed(sealSecret), true)
  }))

test('a seal that fails leaves no exact count on the disk', () =>
  withTemporaryDirectory(async (dir) => {
    const clock = new ManualClock(`${day}T12:00:00Z`)
    const log = new MemoryEventLog(clock, partitions)
    const random = new Random(1)
    await appendRecords(log, recordsOfDay(day, 300, random), random)
    const scratchDir = path.join(dir, 'scratch')
    let seen = 0
    const onProgress = async ({ phase }: { phase: string }) => {
      if (phase !== 'bounding') return
      seen = readdirSync(scratchDir, { recursive: true }).length
      throw new Error('the disk is full')
    }
    const tools = { log, keyValue: new MemoryKeyValue(clock), catalogue: attackCatalogue, locate: () => '', scratchDir }
    await assert.rejects(sealDay(day, Buffer.alloc(32, 1), { ...tools, onProgress }), /the disk is full/)
    assert.ok(seen > 10, 'control: there were buckets')
    assert.equal(existsSync(path.join(scratchDir, day)), false)
  }))
