/** Every clause of shared/policy/clauses.ts has a test file of its name that tests something, and there is no other file. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { clauses } from '../../shared/policy/clauses.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'
import { assertsSomething } from './check/asserts-something.ts'
import { stillMissing } from './still-missing.ts'

const ending = '.test.ts'
const folder = import.meta.dirname
const own = path.basename(import.meta.filename)
const found = readdirSync(folder)
  .filter((name) => name.endsWith(ending) && name !== own)
  .map((name) => name.slice(0, -ending.length))

/** What does not fit, in words. */
function differences(ids: readonly string[], files: readonly string[], missing: readonly string[]): string[] {
  return [
    ...ids.filter((id) => !files.includes(id) && !missing.includes(id)).map((id) => `${id} has no file`),
    ...files.filter((file) => !ids.includes(file)).map((file) => `${file} is no clause`),
    ...missing.filter((id) => files.includes(id)).map((id) => `${id} has a file: take it out of still-missing.ts`),
    ...missing.filter((id) => !ids.includes(id)).map((id) => `still-missing.ts has ${id}, which is no clause`),
  ]
}

test('there are 26 clauses, each with an id of its own and everything said', () => {
  assert.equal(new Set(clauses.map(({ id }) => id)).size, 26)
  for (const { id, says, does, shownBy } of clauses) {
    assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/)
    for (const text of [says, does, shownBy]) assert.ok(text.length > 2, id)
  }
})

test('each clause has a file and each file has a clause, but for those that are known to be missing', () => {
  assert.deepEqual(
    differences(
      clauses.map(({ id }) => id),
      found,
      stillMissing,
    ),
    [],
  )
})

test('the control: a missing file, a file too many and a list that is behind are each told', () => {
  assert.deepEqual(differences(['a', 'b'], ['a', 'c'], []), ['b has no file', 'c is no clause'])
  assert.deepEqual(differences(['a'], ['a'], ['a', 'd']), [
    'a has a file: take it out of still-missing.ts',
    'still-missing.ts has d, which is no clause',
  ])
  assert.deepEqual(differences(['a', 'b'], ['a'], ['b']), [])
})

for (const id of found)
  test(`${id}${ending} tests something: it fails when every assertion does`, async () => {
    assert.ok(await assertsSomething(path.join(folder, `${id}${ending}`)))
  })

const asserting = "import assert from 'node:assert/strict'\nimport { test } from 'node:test'\n"
for (const [what, text, expected] of [
  ['an empty file', '', false],
  ['a test without an assertion', `${asserting}test('t', () => { assert })`, false],
  ['a skipped test', `${asserting}test.skip('t', () => assert.equal(1, 1))`, false],
  ['a test that skips itself', `${asserting}test('t', (t) => { if (t) return t.skip(); assert.ok(1) })`, false],
  ['an assertion nobody waits for', `${asserting}test('t', () => { try { assert.ok(1) } catch {} })`, false],
  ['a file that cannot be loaded', `${asserting}throw new Error('planted elsewhere')`, false],
  ['one assertion', `${asserting}test('t', () => assert.equal(1, 1))`, true],
  ['an assertion that is waited for', `${asserting}test('t', () => assert.rejects(Promise.reject(Error())))`, true],
  ['an assertion by name', `import { ok } from 'node:assert'\n${asserting}test('t', () => ok(1))`, true],
] as const)
  test(`the control: ${what} ${expected ? 'tests something' : 'tests nothing'}`, () =>
    withTemporaryDirectory(async (dir) => {
      const file = path.join(dir, 'planted.test.ts')
      await writeFile(file, text)
      assert.equal(await assertsSomething(file), expected)
    }))
