/** What is in the spool outlives the process, within bounds of bytes and of time. */
import assert from 'node:assert/strict'
import { appendFile, chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import type { SenderOptions } from '../../../shared/sender/options.ts'
import type { Post } from '../../../shared/sender/post.ts'
import { createSender } from '../../../shared/sender/sender.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { until } from '../../fixtures/until.ts'
import { eventsOf, ManualParts, taken } from './manual-parts.ts'
import { nowhere } from './recording-collector.ts'

const away: Post = () => Promise.reject(new Error('away'))
const hour = 3_600_000

function options(spoolDir: string, more: Partial<SenderOptions> = {}): SenderOptions {
  return { url: nowhere, writeKey: 'a-write-key-of-tests', environment: {}, spoolDir, ...more }
}

/** A process that goes without a word: nothing of it happens any more, and its lock is that of a process before. */
async function leave(dir: string, events: number): Promise<string[]> {
  const sender = createSender(options(dir), new ManualParts(away))
  for (let number = 0; number < events; number++) sender.track({ feature: 'services', id: `left-${number}` })
  await sender.close(0)
  return (await readdir(dir)).map((name) => path.join(dir, name))
}

test('events that were handed over are sent by the next process, with the ids and times that they had', async () => {
  await withTemporaryDirectory(async (dir) => {
    const first = new ManualParts(away)
    const before = createSender(options(dir), first)
    before.track({ feature: 'services' })
    before.track({ feature: 'jobs' })
    assert.equal(await before.handedOver(20_000), true)
    const [name = ''] = (await readdir(dir)).filter((one) => one.endsWith('.ndjson'))
    const kept = eventsOf(await readFile(path.join(dir, name), 'utf8'))
    await before.close(0)

    const bodies: string[] = []
    const later = new ManualParts(
      async ({ body }) => {
        bodies.push(body)
        return taken(body)
      },
      { start: first.now() + 5 * hour },
    )
    const after = createSender(options(dir), later)
    assert.equal(await after.flush(20_000), true)
    assert.deepEqual(bodies.flatMap(eventsOf), kept)
    await after.close()
    assert.deepEqual(await readdir(dir), [], 'nothing stays of what is settled')
  })
})

test('files are for nobody else to read', async () => {
  await withTemporaryDirectory(async (dir) => {
    const [file = ''] = await leave(path.join(dir, 'spool'), 1)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal((await stat(path.dirname(file))).mode & 0o777, 0o700)
  })
})

test('a torn end and a spoiled line are left out and counted, the others are sent', async () => {
  await withTemporaryDirectory(async (dir) => {
    const [file = ''] = await leave(dir, 3)
    const [one, , three] = (await readFile(file, 'utf8')).split('\n')
    await writeFile(file, `${one}\n\0\0\0\0\0\n${three}\n{"id":"left-4","ti`)
    const ids: string[] = []
    const post: Post = async ({ body }) => {
      ids.push(...eventsOf(body).map(({ id }) => id))
      return taken(body)
    }
    const sender = createSender(options(dir), new ManualParts(post))
    assert.equal(await sender.flush(20_000), true)
    assert.deepEqual([ids, sender.stats.dropped.damaged], [['left-0', 'left-2'], 2])
    await sender.close()
  })
})

test('a folder has one sender; a second one says so and works from memory', async () => {
  await withTemporaryDirectory(async (dir) => {
    const first = createSender(options(dir), new ManualParts(away))
    first.track({ feature: 'services', id: 'first' })
    await first.handedOver(20_000)
    const ids: string[] = []
    const warnings: string[] = []
    const post: Post = async ({ body }) => {
      ids.push(...eventsOf(body).map(({ id }) => id))
      return taken(body)
    }
    const onWarning = (message: string) => void warnings.push(message)
    const second = createSender(options(dir, { onWarning }), new ManualParts(post))
    second.track({ feature: 'services', id: 'second' })
    assert.equal(await second.close(20_000), true)
    assert.deepEqual(ids, ['second'])
    assert.match(warnings.join(), /is in use by process/)
    await first.close(0)
  })
})

test('a folder that cannot be made is said, and events go from memory', async () => {
  await withTemporaryDirectory(async (dir) => {
    await writeFile(path.join(dir, 'file'), '')
    const warnings: string[] = []
    const onWarning = (message: string) => void warnings.push(message)
    const parts = new ManualParts(async ({ body }) => taken(body))
    const sender = createSender(options(path.join(dir, 'file', 'spool'), { onWarning }), parts)
    sender.track({ feature: 'services' })
    assert.equal(await sender.close(20_000), true)
    assert.deepEqual([sender.stats.accepted, warnings.length], [1, 1])
  })
})

test('when the disk no longer takes anything, events are kept in memory within its bound, and are not called handed over', async () => {
  await withTemporaryDirectory(async (dir) => {
    const spoolDir = path.join(dir, 'spool')
    await mkdir(spoolDir)
    const parts = new ManualParts(away)
    const warnings: string[] = []
    const onWarning = (message: string) => void warnings.push(message)
    const sender = createSender(options(spoolDir, { onWarning, memoryBytesMax: 256 * 1024 }), parts)
    assert.equal(await sender.flush(20_000), true)
    // A folder in which the next file cannot be made, whoever runs the test.
    await mkdir(path.join(spoolDir, `000000000001-${parts.now()}.ndjson`))
    sender.track({ feature: 'services' })
    assert.equal(await sender.handedOver(3000), false)
    assert.match(warnings.join(), /the disk does not take events/)
    const { memoryBytes, spoolBytes } = sender.stats
    assert.ok(memoryBytes > 0 && spoolBytes === 0, `${memoryBytes}, ${spoolBytes}`)
    await sender.close(0)
    assert.equal(sender.stats.dropped.closed, 1)
  })
})

test('what is a day old is given up and counted', async () => {
  await withTemporaryDirectory(async (dir) => {
    await leave(dir, 3)
    const start = Date.parse('2026-11-20T12:00:00Z')
    const parts = new ManualParts(async ({ body }) => taken(body), { start: start + 26 * hour })
    const sender = createSender(options(dir), parts)
    assert.equal(await sender.flush(20_000), true)
    assert.deepEqual([sender.stats.requests, sender.stats.dropped['too-old']], [0, 3])
    await sender.close()
  })
})

test('files that are not of the spool are left alone', async () => {
  await withTemporaryDirectory(async (dir) => {
    await leave(dir, 1)
    const own = path.join(dir, 'notes.ndjson')
    await appendFile(own, 'mine\n')
    await chmod(own, 0o600)
    const sender = createSender(options(dir), new ManualParts(async ({ body }) => taken(body)))
    assert.equal(await sender.flush(20_000), true)
    await sender.close()
    assert.deepEqual(await readdir(dir), ['notes.ndjson'])
  })
})

test('a day without the collector keeps to the bounds of memory and disk, and attempts become few', async () => {
  await withTemporaryDirectory(async (dir) => {
    const [memoryBytesMax, spoolBytesMax] = [512 * 1024, 4 * 1024 * 1024]
    let isAway = true
    let attempts = 0
    const ids = new Set<string>()
    const post: Post = async ({ body }) => {
      if (isAway) {
        attempts++
        throw new Error('away')
      }
      for (const { id } of eventsOf(body)) ids.add(id)
      return taken(body)
    }
    const random = mulberry(20_261_125)
    const parts = new ManualParts(post, { random })
    const sender = createSender(options(dir, { memoryBytesMax, spoolBytesMax }), parts)
    let [memory, spool, number] = [0, 0, 0]
    const [stepMs, eventsPerStep] = [5 * 60_000, 300]
    for (let at = 0; at < 24 * hour; at += stepMs) {
      for (let event = 0; event < eventsPerStep; event++) sender.track({ feature: 'services', id: `e-${number++}` })
      parts.advance(stepMs)
      assert.equal(await sender.handedOver(60_000), true)
      const { memoryBytes, spoolBytes } = sender.stats
      memory = Math.max(memory, memoryBytes)
      spool = Math.max(spool, spoolBytes)
    }
    const onDisk = (await Promise.all((await readdir(dir)).map((name) => stat(path.join(dir, name))))).reduce(
      (sum, { size }) => sum + size,
      0,
    )
    assert.ok(memory <= memoryBytesMax && spool <= spoolBytesMax && onDisk <= spoolBytesMax + 4_096)
    assert.ok(attempts > 50 && attempts < 600, `${attempts} attempts`)
    const lost = sender.stats.dropped['spool-full']
    assert.ok(lost > 0, 'control: the bound was reached')

    isAway = false
    parts.advance(5 * 60_000)
    await until(async () => (await sender.flush(20_000)) && sender.stats.spoolBytes === 0)
    assert.equal(ids.size, number - lost)
    const batch = 500
    for (let newer = lost + batch; newer < number; newer++) assert.ok(ids.has(`e-${newer}`), 'the oldest went first')
    await sender.close()
  })
})

function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
