/** That a failure can be read from the end of a log, and from the log of a run of which nothing failed that nothing did. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'

const reporter = fileURLToPath(new URL('./failures-last.mjs', import.meta.url))

async function runTests(files: Record<string, string>): Promise<{ status: number | null; lines: string[] }> {
  return withTemporaryDirectory(async (dir) => {
    const paths = Object.entries(files).map(([name, text]) => {
      writeFileSync(join(dir, name), text)
      return join(dir, name)
    })
    // With it the inner run would report to the runner of this file.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { status, stdout } = spawnSync(process.execPath, ['--test', `--test-reporter=${reporter}`, ...paths], {
      ...{ env, encoding: 'utf8' },
    })
    return { status, lines: stdout.split('\n') }
  })
}

test('what failed, where and why stands right before the closing counts, once', async () => {
  const { status, lines } = await runTests({
    'some.test.mjs': `import { describe, test } from 'node:test'
    test('fine', () => {})
    test('bad', () => { throw new Error('the reason') })
    test('known', { todo: true }, () => { throw new Error('expected') })
    describe('suite', () => { test('inner', () => { throw new Error('the other reason') }) })`,
    'x-ends.test.mjs': `console.error('its last words'); process.exit(3)`,
  })
  assert.equal(status, 1)
  const end = lines.slice(lines.findIndex((line) => /^# \d+ failed:$/.test(line)))
  assert.equal(end[0], '# 3 failed:')
  assert.match(end[1] ?? '', /^# bad \(.*some\.test\.mjs:3:5\)$/)
  assert.match(end[2] ?? '', /^# {5}Error: the reason$/)
  const text = end.join('\n')
  assert.match(text, /\n# inner \(.*\n# {5}Error: the other reason\n/)
  assert.match(text, /\n# \S*x-ends\.test\.mjs .*\n# {5}'test failed'\n# {5}its last words\n# tests 5\n/)
  assert.doesNotMatch(text, /fine|known|expected|# suite \(/)
  assert.ok(end.includes('# pass 1') && end.includes('# todo 1'))
})

test('of a run that passes nothing more is said', async () => {
  const { status, lines } = await runTests({
    'fine.test.mjs': `import { test } from 'node:test'; test('fine', () => {})`,
  })
  assert.equal(status, 0)
  assert.ok(lines.includes('# pass 1') && lines.includes('# fail 0'))
  assert.ok(!lines.some((line) => line.includes('failed:')))
})
