/** What the embedded log does with damaged and full files; the port's own laws are in test/contract/event-log.ts. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, readdir, readFile, readlink, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { ManualClock } from '../../../shared/clock.ts'
import { slotBytes } from '../../../shared/eventlog/commit-file.ts'
import { type EmbeddedEventLogOptions, openEmbeddedEventLog } from '../../../shared/eventlog/embedded.ts'
import type { Assignment, EventLog } from '../../../shared/eventlog/port.ts'
import { assignments, readTexts, toPartition } from '../../contract/event-log.ts'
import { linesUntilKilled } from '../../contract/killed-process.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'

const clock = new ManualClock('2026-11-23T10:20:00Z')

function openLog(dir: string, more: Partial<EmbeddedEventLogOptions> = {}): Promise<EventLog> {
  return openEmbeddedEventLog({ dir, clock, partitions: 1, pendingBytesMax: 1e8, ...more })
}

async function only(log: EventLog): Promise<Assignment> {
  return (await assignments(log))[0] as Assignment
}

async function segments(dir: string): Promise<string[]> {
  const names = await readdir(path.join(dir, '0'))
  return names
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .map((name) => path.join(dir, '0', name))
}

/** A closed log of `texts`, each appended alone; gives its one segment. */
async function writtenLog(dir: string, texts: readonly string[]): Promise<string> {
  const log = await openLog(dir)
  for (const text of texts) await log.append(toPartition(0, text))
  await log.close()
  return (await segments(dir))[0] as string
}

it('a segment cut at any byte of its last frame loses that frame only, and the log goes on', async () => {
  await withTemporaryDirectory(async (dir) => {
    const whole = path.join(dir, 'whole')
    const segment = await writtenLog(whole, ['first', 'second', 'third'])
    const { size } = await stat(segment)
    const lastFrame = 20 + 'third'.length
    for (let cut = size - lastFrame; cut < size; cut++) {
      const copy = path.join(dir, `cut-${cut}`)
      await cp(whole, copy, { recursive: true })
      await truncate((await segments(copy))[0] as string, cut)
      const log = await openLog(copy)
      assert.deepEqual(await log.append(toPartition(0, 'after')), [
        { partition: 0, position: 2, appendedAt: clock.now() },
      ])
      assert.deepEqual(await readTexts(await only(log)), ['first', 'second', 'after'], `cut at ${cut}`)
      await log.close()
    }
  })
})

it('a tail of zeros or garbage, as a power cut can leave it, is cut off', async () => {
  for (const tail of [Buffer.alloc(70), Buffer.alloc(70, 0xff), Buffer.from('garbage'.repeat(30))]) {
    await withTemporaryDirectory(async (dir) => {
      const segment = await writtenLog(dir, ['kept'])
      await writeFile(segment, tail, { flag: 'a' })
      const log = await openLog(dir)
      await log.append(toPartition(0, 'after'))
      assert.deepEqual(await readTexts(await only(log)), ['kept', 'after'])
      await log.close()
    })
  }
})

it('whichever byte of a record is damaged, the others keep their positions, and the damage is reported', async () => {
  await withTemporaryDirectory(async (dir) => {
    const segment = await writtenLog(dir, ['first', 'second', 'third', 'fourth'])
    const content = await readFile(segment)
    for (const isNewest of [true, false]) {
      if (!isNewest) {
        clock.advance(3_600_000)
        const log = await openLog(dir)
        await log.append(toPartition(0, 'next hour'))
        await log.close()
        clock.advance(-3_600_000)
      }
      for (let at = 25; at < 25 + 26; at++) {
        const damaged = Buffer.from(content)
        damaged[at] = (damaged[at] as number) ^ 0x41
        await writeFile(segment, damaged)
        const reported: number[] = []
        const log = await openLog(dir, { onCorrupt: ({ offset }) => reported.push(offset) })
        const { records } = await (await only(log)).read(0, { records: 100, bytes: 1e6, waitMs: 0 })
        const found = records.map(({ position, value }) => `${position} ${value}`)
        assert.deepEqual(found, ['0 first', '2 third', '3 fourth', ...(isNewest ? [] : ['4 next hour'])], `byte ${at}`)
        assert.ok(reported.length > 0 && reported.every((offset) => offset === 25))
        await log.close()
      }
      await writeFile(segment, content)
    }
  })
})

it('a commit slot torn at any byte falls back to the commit before it', async () => {
  await withTemporaryDirectory(async (dir) => {
    const log = await openLog(dir)
    await log.append(toPartition(0, 'a', 'b', 'c'))
    const assignment = await only(log)
    for (const position of [1, 2]) await assignment.commit(position, `metadata of ${position}`)
    await log.close()
    const file = path.join(dir, '0', 'commit')
    const content = await readFile(file)
    // Sequence 1 is the subscription, 2 and 3 the commits; 3 lies in the second slot.
    for (let at = slotBytes; at < content.length; at++) {
      const torn = Buffer.from(content)
      torn[at] = (torn[at] as number) ^ 0xff
      await writeFile(file, torn)
      const again = await openLog(dir)
      assert.deepEqual(await (await only(again)).committed(), { position: 1, metadata: 'metadata of 1' })
      await again.close()
    }
  })
})

it('many appends at once share syncs: 2,000 take less time than 200 alone would', async () => {
  await withTemporaryDirectory(async (dir) => {
    const log = await openLog(dir)
    const times: number[] = []
    for (let index = 0; index < 5; index++) {
      const began = performance.now()
      await log.append(toPartition(0, 'one'))
      times.push(performance.now() - began)
    }
    const alone = times.sort((a, b) => a - b)[2] as number
    const together = performance.now()
    await Promise.all(Array.from({ length: 2000 }, (_, index) => log.append(toPartition(0, `${index}`))))
    assert.ok(performance.now() - together < 200 * Math.max(alone, 1))
    await log.close()
  })
})

it('expired segments are not kept on the disk by an open handle', { skip: process.platform !== 'linux' }, async () => {
  await withTemporaryDirectory(async (dir) => {
    const later = new ManualClock(clock.now())
    const log = await openLog(dir, { clock: later })
    await log.append(toPartition(0, 'a', 'b'))
    const assignment = await only(log)
    await readTexts(assignment, 0, { records: 1 })
    later.advance(75 * 3_600_000)
    await log.expire()
    const handles = await readdir('/proc/self/fd')
    const targets = await Promise.all(handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')))
    assert.deepEqual(
      targets.filter((target) => target.startsWith(dir) && target.endsWith('(deleted)')),
      [],
    )
    await log.close()
  })
})

it('a log whose identity cannot be read is not opened as a new one', async () => {
  await withTemporaryDirectory(async (dir) => {
    await writtenLog(dir, ['a'])
    await writeFile(path.join(dir, 'log.json'), '{"logId":"no"}')
    await assert.rejects(openLog(dir), /not an event log's identity/)
  })
})

it('a full disk refuses appends, leaves no half record, and the log goes on once there is room', async (t) => {
  const prlimit = await promisify(execFile)('prlimit', ['--version']).catch(() => undefined)
  if (!prlimit) return t.skip('prlimit is not here')
  await withTemporaryDirectory(async (dir) => {
    // A limit on file size stands in for the full disk: a write takes part of its bytes, the next one none.
    const lines = await linesUntilKilled('./append-until-killed.ts', [dir, 'full'], 1500, {
      fileBytesMax: 150_000,
      liftedAfterMs: 700,
    })
    const refusedAt = lines.indexOf('refused LogUnavailableError')
    const acknowledged = lines.filter((line) => !line.startsWith('refused'))
    assert.ok(refusedAt > 0, 'the disk was full for a while')
    assert.ok(
      lines.slice(refusedAt).some((line) => !line.startsWith('refused')),
      'and then there was room',
    )
    const damages: unknown[] = []
    const log = await openLog(dir, { onCorrupt: (damage) => damages.push(damage) })
    const found = new Set<string>()
    for (const assignment of await assignments(log))
      for (const { position, value } of (await assignment.read(0, { records: 1e6, bytes: 1e9, waitMs: 0 })).records)
        found.add(`${assignment.partition} ${position} ${value.toString().replace(/\.+$/, '')}`)
    assert.deepEqual(
      acknowledged.filter((line) => !found.has(line)),
      [],
    )
    assert.deepEqual(damages, [])
    await log.close()
  })
})
