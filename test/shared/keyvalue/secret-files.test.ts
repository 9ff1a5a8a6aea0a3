/** What a crash can leave of secret files; the port's own laws are in test/contract/key-value.ts. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { link, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { it } from 'node:test'
import { ManualClock } from '../../../shared/clock.ts'
import { openSecretFiles, type SecretFiles } from '../../../shared/keyvalue/secret-files.ts'
import { filesHolding } from '../../fixtures/live-folder.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'

const clock = new ManualClock('2026-11-23T10:00:00Z')

async function withSecret(check: (dir: string, secret: Buffer, secrets: SecretFiles) => Promise<void>): Promise<void> {
  await withTemporaryDirectory(async (parent) => {
    const dir = path.join(parent, 'secrets')
    const secrets = await openSecretFiles({ dir, clock })
    const secret = await secrets.createOnce('day:2026-11-23', () => randomBytes(32))
    await check(dir, secret as Buffer, secrets)
  })
}

it('a destroy that stopped after its tombstone is finished by the next open', async () => {
  await withSecret(async (dir, secret) => {
    await writeFile(path.join(dir, 'day%3a2026-11-23.destroyed'), '')
    assert.equal((await filesHolding(dir, secret)).length, 1)
    const again = await openSecretFiles({ dir, clock })
    assert.deepEqual(await filesHolding(dir, secret), [])
    assert.deepEqual(await again.list(), [])
    assert.equal(await again.isDestroyed('day:2026-11-23'), true)
  })
})

it('before that open a tombstone already hides the secret', async () => {
  await withSecret(async (dir, _, secrets) => {
    await writeFile(path.join(dir, 'day%3a2026-11-23.destroyed'), '')
    assert.equal(await secrets.read('day:2026-11-23'), undefined)
    assert.deepEqual(await secrets.list(), [])
  })
})

it('a temporary file of a creation that never happened is gone after open', async () => {
  await withSecret(async (dir) => {
    const orphan = randomBytes(32)
    await writeFile(path.join(dir, 'week%3a2026-47.secret.0a0b0c.tmp'), orphan)
    await openSecretFiles({ dir, clock })
    assert.deepEqual(await filesHolding(dir, orphan), [])
    assert.deepEqual(await readdir(dir), ['day%3a2026-11-23.secret'])
  })
})

it('a creation that stopped between its two names keeps the secret and loses the second name', async () => {
  await withSecret(async (dir, secret) => {
    const file = path.join(dir, 'day%3a2026-11-23.secret')
    await link(file, `${file}.0a0b0c.tmp`)
    const again = await openSecretFiles({ dir, clock })
    assert.deepEqual(await again.read('day:2026-11-23'), secret)
    assert.deepEqual(await readdir(dir), ['day%3a2026-11-23.secret'])
  })
})

it('destroying overwrites the bytes in place, not only the name', async () => {
  await withSecret(async (dir, secret, secrets) => {
    const handle = await open(path.join(dir, 'day%3a2026-11-23.secret'), 'r')
    await secrets.destroy('day:2026-11-23')
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(100), 0, 100, 0)
    await handle.close()
    assert.equal(bytesRead, 40)
    assert.equal(buffer.includes(secret), false)
  })
})

it('only the owner may look', async () => {
  await withSecret(async (dir, secret) => {
    const file = path.join(dir, 'day%3a2026-11-23.secret')
    assert.equal((await stat(dir)).mode & 0o777, 0o700)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.ok((await readFile(file)).includes(secret))
  })
})

it('a name becomes one file name, whatever is in it', async () => {
  await withSecret(async (dir, _, secrets) => {
    const names = ['../../outside', 'a/b', 'A', 'a', '.', '%', 'ü', 'n\0l']
    for (const name of names) await secrets.createOnce(name, () => randomBytes(32))
    assert.equal((await readdir(dir)).length, names.length + 1)
    assert.deepEqual((await secrets.list()).map(({ name }) => name).sort(), [...names, 'day:2026-11-23'].sort())
    await assert.rejects(secrets.read('x'.repeat(300)), RangeError)
  })
})
