import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { Spool } from '../../../services/collector/spool.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { LogUnavailableError } from '../../../shared/eventlog/port.ts'
import { hourMs } from '../../../shared/window.ts'
import { filesHolding } from '../../fixtures/live-folder.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'

const start = '2026-11-23T10:00:00Z'
const texts = (...values: string[]) => values.map((value) => Buffer.from(value))

const withSpool = (
  check: (open: () => Promise<Spool>, dir: string, clock: ManualClock) => Promise<void>,
  bytesMax = 1e6,
) =>
  withTemporaryDirectory(async (dir) => {
    const clock = new ManualClock(start)
    await check(() => Spool.open({ dir, bytesMax, clock, warn: assert.fail }), dir, clock)
  })

async function drained(spool: Spool): Promise<string[]> {
  const got: string[] = []
  for (let batch = await spool.next(); batch; batch = await spool.next()) {
    got.push(...batch.values.map(String))
    await batch.done()
  }
  return got
}

test('what was spooled comes back in order, also in a later process, and once only', () =>
  withSpool(async (open) => {
    const first = await open()
    await first.append(texts('a', 'b'))
    await first.append(texts('c'))
    const batch = await first.next()
    assert.deepEqual(batch?.values.map(String), ['a', 'b', 'c'])
    // Not done: the process ends before the records are durable elsewhere.
    await first.close()
    const second = await open()
    await second.append(texts('d'))
    assert.deepEqual(await drained(second), ['a', 'b', 'c', 'd'])
    await second.close()
    const third = await open()
    assert.deepEqual(await drained(third), [])
    assert.ok(third.isEmpty)
    await third.close()
  }))

test('what was drained is in no file, and counts no bytes', () =>
  withSpool(async (open, dir) => {
    const spool = await open()
    await spool.append(texts('CANARY-1', 'CANARY-2'))
    assert.equal((await filesHolding(dir, 'CANARY-')).length, 1)
    assert.ok(spool.bytes > 0)
    await drained(spool)
    assert.deepEqual(await readdir(dir), [])
    assert.equal(spool.bytes, 0)
    await spool.close()
  }))

test('a full spool takes nothing more, and takes again once it has been drained', () =>
  withSpool(async (open) => {
    const spool = await open()
    await spool.append([Buffer.alloc(900)])
    await assert.rejects(spool.append([Buffer.alloc(200)]), LogUnavailableError)
    await drained(spool)
    await spool.append([Buffer.alloc(900)])
    await spool.close()
  }, 1000))

test('records written while others are read are not removed with them', () =>
  withSpool(async (open, _, clock) => {
    const spool = await open()
    const got: string[] = []
    const wanted: string[] = []
    const reading = (async () => {
      while (got.length < 300) {
        got.push(...(await drained(spool)))
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    for (let index = 0; index < 300; index++) {
      wanted.push(`${index}`)
      await spool.append(texts(`${index}`))
      // A new folder now and then.
      if (index % 50 === 0) clock.advance(hourMs)
    }
    await reading
    assert.deepEqual(got, wanted)
    await spool.close()
  }))

test('what waited for 24 hours goes, is told, and what is younger stays', () =>
  withSpool(async (open, dir, clock) => {
    const spool = await open()
    await spool.append(texts('CANARY-old'))
    clock.advance(2 * hourMs)
    await spool.append(texts('CANARY-young'))
    clock.advance(22 * hourMs - 1)
    assert.equal(await spool.expire(), 0)
    clock.advance(1)
    assert.ok((await spool.expire()) > 0)
    assert.deepEqual(await filesHolding(dir, 'CANARY-old'), [])
    assert.deepEqual(await drained(spool), ['CANARY-young'])
    await spool.close()
  }))
