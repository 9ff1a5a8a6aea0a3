import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DataDirectoryInUseError, lockDataDirectory, readLock } from '../../shared/data-directory.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'

const holder = fileURLToPath(new URL('./hold-data-directory.ts', import.meta.url))

/** Another process that tries to take the lock, and the first thing it says. */
async function another(dir: string): Promise<{ child: ChildProcess; says: string; kill(): Promise<void> }> {
  const child = spawn(process.execPath, ['--import', 'tsx', holder, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [says] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return { child, says, kill }
}

it('a second process is told who holds the folder, since when, and what to do', async () => {
  await withTemporaryDirectory(async (dir) => {
    const first = await another(dir)
    assert.equal(first.says, 'held')
    await assert.rejects(lockDataDirectory(dir), (error: Error) => {
      assert.ok(error instanceof DataDirectoryInUseError)
      assert.match(
        error.message,
        new RegExp(`process ${first.child.pid} since \\d{4}-\\d\\d-\\d\\dT.*HEADCOUNT_DATA_DIR`),
      )
      return true
    })
    assert.equal((await readLock(dir))?.pid, first.child.pid)
    await first.kill()
    assert.equal(await readLock(dir), undefined)
    const lock = await lockDataDirectory(dir)
    assert.equal((await another(dir)).says, 'DataDirectoryInUseError')
    await lock.release()
  })
})

it('the lock says where the servers listen once that is known, and is gone after release', async () => {
  await withTemporaryDirectory(async (parent) => {
    const dir = path.join(parent, 'not', 'there', 'yet')
    const lock = await lockDataDirectory(dir, { collectorUrl: 'http://127.0.0.1:8080' })
    assert.equal((await stat(dir)).mode & 0o777, 0o700)
    await lock.update({ reportingUrl: 'http://127.0.0.1:8090' })
    const { pid, collectorUrl, reportingUrl } = (await readLock(dir)) ?? {}
    assert.deepEqual([pid, collectorUrl, reportingUrl], [process.pid, 'http://127.0.0.1:8080', 'http://127.0.0.1:8090'])
    await lock.release()
    await lock.release()
    await lock.update({})
    assert.deepEqual(await readdir(dir), [])
    assert.equal(await readLock(dir), undefined)
  })
})

it('this process cannot take the folder twice', async () => {
  await withTemporaryDirectory(async (dir) => {
    const locks = await Promise.allSettled([lockDataDirectory(dir), lockDataDirectory(dir)])
    assert.deepEqual(locks.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    await assert.rejects(lockDataDirectory(dir), DataDirectoryInUseError)
    for (const lock of locks) if (lock.status === 'fulfilled') await lock.value.release()
    await (await lockDataDirectory(dir)).release()
  })
})

const stale = {
  'of a process that is gone': { pid: 2 ** 22 + 1, startedAt: 'x' },
  'of our own pid': { pid: process.pid, startedAt: 'x' },
  'of a pid that another process has now': { pid: process.ppid, startTicks: 1, startedAt: 'x' },
  'from before the last boot': { pid: process.ppid, bootId: 'another boot', startedAt: 'x' },
}
for (const [title, content] of Object.entries(stale)) {
  it(`a lock ${title} is taken over`, { skip: process.platform !== 'linux' }, async () => {
    await withTemporaryDirectory(async (dir) => {
      await writeFile(path.join(dir, 'headcount.lock'), JSON.stringify(content))
      assert.equal(await readLock(dir), undefined)
      const lock = await lockDataDirectory(dir)
      assert.equal(JSON.parse(await readFile(path.join(dir, 'headcount.lock'), 'utf8')).pid, process.pid)
      assert.deepEqual(await readdir(dir), ['headcount.lock'])
      await lock.release()
    })
  })
}

it('a torn lock file and a takeover that died are taken over', async () => {
  await withTemporaryDirectory(async (dir) => {
    await writeFile(path.join(dir, 'headcount.lock'), '{"pid":12')
    await writeFile(path.join(dir, 'headcount.lock.takeover'), '')
    await (await lockDataDirectory(dir)).release()
    assert.deepEqual(await readdir(dir), [])
  })
})

it('a lock is taken over after twenty processes died one after the other while they took it over', async () => {
  await withTemporaryDirectory(async (dir) => {
    const dead = JSON.stringify({ pid: 2 ** 22 + 1, startedAt: 'x' })
    for (let depth = 0; depth < 20; depth++)
      await writeFile(path.join(dir, `headcount.lock${'.takeover'.repeat(depth)}`), dead)
    await (await lockDataDirectory(dir)).release()
    assert.deepEqual(await readdir(dir), [])
  })
})

it('of many processes that find a dead holder’s lock one takes it', async () => {
  await withTemporaryDirectory(async (dir) => {
    for (let round = 0; round < 3; round++) {
      await writeFile(path.join(dir, 'headcount.lock'), JSON.stringify({ pid: 2 ** 22 + 1, startedAt: 'x' }))
      const all = await Promise.all(Array.from({ length: 6 }, () => another(dir)))
      assert.equal(all.filter(({ says }) => says === 'held').length, 1)
      assert.equal(all.filter(({ says }) => says === 'DataDirectoryInUseError').length, 5)
      for (const { kill } of all) await kill()
    }
  })
})
