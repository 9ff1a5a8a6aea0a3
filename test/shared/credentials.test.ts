import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { it } from 'node:test'
import { CredentialsError, loadCredentials, sameSecret } from '../../shared/credentials.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'

const none = { writeKey: '', adminToken: '', analystToken: '' }

it('makes three different secrets at first start, for the owner only, and finds them again', async () => {
  await withTemporaryDirectory(async (parent) => {
    const dataDir = path.join(parent, 'data')
    const made = await loadCredentials({ ...none, dataDir })
    for (const secret of Object.values(made)) assert.match(secret, /^[A-Za-z0-9_][A-Za-z0-9_-]{42}$/)
    assert.equal(new Set(Object.values(made)).size, 3)
    assert.deepEqual(await readdir(dataDir), ['credentials.json'])
    assert.equal((await stat(path.join(dataDir, 'credentials.json'))).mode & 0o777, 0o600)
    assert.deepEqual(await loadCredentials({ ...none, dataDir }), made)
  })
})

it('uses a configured secret instead, and never writes it', async () => {
  await withTemporaryDirectory(async (dataDir) => {
    const writeKey = 'configured-write-key'
    const mixed = await loadCredentials({ ...none, writeKey, dataDir })
    assert.equal(mixed.writeKey, writeKey)
    const stored = await readFile(path.join(dataDir, 'credentials.json'), 'utf8')
    assert.equal(stored.includes(writeKey), false)
    const later = await loadCredentials({ ...none, dataDir })
    assert.equal(later.adminToken, mixed.adminToken)
    assert.notEqual(later.writeKey, writeKey)
  })
})

it('writes no file when everything is configured', async () => {
  await withTemporaryDirectory(async (dataDir) => {
    const all = { writeKey: 'w'.repeat(16), adminToken: 'a'.repeat(16), analystToken: 'n'.repeat(16) }
    assert.deepEqual(await loadCredentials({ ...all, dataDir }), all)
    assert.deepEqual(await readdir(dataDir), [])
  })
})

it('refuses a file that it cannot use, without quoting it', async () => {
  await withTemporaryDirectory(async (dataDir) => {
    for (const text of ['{"writeKey":"SECRET', '[]', '{"adminToken":"SECRET"}', '{"adminToken":5}']) {
      await writeFile(path.join(dataDir, 'credentials.json'), text)
      await assert.rejects(loadCredentials({ ...none, dataDir }), (error: Error) => {
        assert.ok(error instanceof CredentialsError)
        assert.equal(error.message.includes('SECRET'), false)
        return true
      })
    }
  })
})

it('tells the same secret from another of any length', () => {
  assert.equal(sameSecret('abc', 'abc'), true)
  for (const other of ['', 'ab', 'abd', 'abcd', 'ABC']) assert.equal(sameSecret(other, 'abc'), false)
})
