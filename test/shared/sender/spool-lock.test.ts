/** Who has the folder of a spool, whatever was killed while it took it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { processIdentity } from '../../../shared/data-directory.ts'
import { lockFolder } from '../../../shared/sender/spool-lock.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'

async function nameOf(pid: number, more = 0): Promise<string> {
  const { startTicks = 0, bootId } = await processIdentity(pid)
  const boot = bootId === undefined ? '0' : createHash('sha256').update(bootId).digest('hex').slice(0, 16)
  return `${pid}-${startTicks + more}-${boot}.lock`
}

test('a living process has it, and a lock goes with who gives it up', async () => {
  await withTemporaryDirectory(async (dir) => {
    const other = path.join(dir, await nameOf(process.ppid))
    await writeFile(other, '')
    await assert.rejects(lockFolder(dir), new RegExp(`is in use by process ${process.ppid}`))
    assert.deepEqual(await readdir(dir), [path.basename(other)], 'it has withdrawn')
  })
})

test('one process has it once', async () => {
  await withTemporaryDirectory(async (dir) => {
    const unlock = await lockFolder(dir)
    await assert.rejects(lockFolder(dir), /is in use by process/)
    await unlock()
    await (await lockFolder(dir))()
    assert.deepEqual(await readdir(dir), [])
  })
})

test('any number of processes that were killed while they took it are in nobody’s way', async () => {
  await withTemporaryDirectory(async (dir) => {
    const dead = ['4194305-1-0.lock', '4194306-77-abc.lock', '4194307-77-abc.lock', '4194308-77-abc.lock']
    // Our parent's number with another start, and our own of before a restart of a container.
    const reused = [await nameOf(process.ppid, 1), await nameOf(process.pid, -1)]
    const reboot = (await nameOf(process.ppid)).replace(/-[0-9a-f]+\.lock$/, '-0123456789abcdef.lock')
    for (const name of [...dead, ...reused, reboot]) await writeFile(path.join(dir, name), '')
    const unlock = await lockFolder(dir)
    assert.deepEqual(await readdir(dir), [await nameOf(process.pid)])
    await unlock()
  })
})

test('two that begin at once do not both get it', async () => {
  for (let round = 0; round < 20; round++) {
    await withTemporaryDirectory(async (dir) => {
      const both = await Promise.allSettled([lockFolder(dir), lockFolder(dir)])
      const had = both.filter(({ status }) => status === 'fulfilled')
      assert.ok(had.length <= 1)
    })
  }
})
