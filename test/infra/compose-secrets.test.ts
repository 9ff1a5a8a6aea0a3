import assert from 'node:assert/strict'
import { copyFile, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { fillExample, missingVariables, readVariables, writeEnvironment } from '../../infra/compose-secrets.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'
import { mayBeEmpty, readText, top } from './deployment-files.ts'

const example = readText('.env.example')

async function withExample(use: (folder: URL, file: string) => Promise<void>): Promise<void> {
  await withTemporaryDirectory(async (dir) => {
    await copyFile(path.join(top, '.env.example'), path.join(dir, '.env.example'))
    await use(pathToFileURL(`${dir}/`), path.join(dir, '.env'))
  })
}

describe('the secrets for docker-compose.yml', () => {
  it('are drawn anew each time, long, and all different', () => {
    const [one, other] = [readVariables(fillExample(example)), readVariables(fillExample(example))]
    const empty = [...readVariables(example)].filter(([, value]) => value === '').map(([name]) => name)
    const secrets = empty.filter((name) => !mayBeEmpty.includes(name))
    assert.equal(secrets.length, 10)
    const values = secrets.flatMap((name) => [one.get(name), other.get(name)])
    assert.equal(new Set(values).size, 2 * secrets.length)
    for (const name of secrets.filter((one) => one !== 'KAFKA_CLUSTER_ID'))
      assert.match(one.get(name) ?? '', /^[0-9a-f]{48}$/)
    assert.match(one.get('KAFKA_CLUSTER_ID') ?? '', /^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/)
  })

  it('leave what the example sets, and its comments, as they are', () => {
    const without = (text: string) =>
      text.replace(/^([A-Z_]+)=.*$/gm, (line, name) => (readVariables(example).get(name) ? line : name))
    assert.equal(without(fillExample(example)), without(example))
  })

  it('are written once, for their owner alone, and the file that is there is never changed', async () => {
    await withExample(async (folder, file) => {
      assert.equal((await writeEnvironment(folder)).exitCode, 0)
      const first = await readFile(file, 'utf8')
      assert.equal((await stat(file)).mode & 0o777, 0o600)
      assert.deepEqual(missingVariables(example, first), [])
      const again = await writeEnvironment(folder)
      assert.match(again.message, /is there and was not changed/)
      assert.equal(again.exitCode, 0)
      assert.equal(await readFile(file, 'utf8'), first)
    })
  })

  it('that a file lacks are named, not added', async () => {
    await withExample(async (folder, file) => {
      const text = fillExample(example)
        .replace(/^REDIS_PASSWORD=.*$/m, 'REDIS_PASSWORD=')
        .replace(/^GRAFANA_PORT=.*\n/m, '')
      await writeFile(file, text)
      const { message, exitCode } = await writeEnvironment(folder)
      assert.match(message, /It lacks REDIS_PASSWORD, GRAFANA_PORT\./)
      assert.equal(exitCode, 1)
      assert.equal(await readFile(file, 'utf8'), text)
    })
  })
})
