/** The test double of a ClickHouse server does what a server does, where adapters rely on it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { ClickhouseBridge } from '../../../infra/services/clickhouse-bridge.ts'
import { withBridge } from '../../fixtures/bridged-warehouse.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'

interface Asked {
  query?: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
}

const asWriter = { 'x-clickhouse-user': 'headcount', 'x-clickhouse-key': 'writer-password' }
const asReader = { 'x-clickhouse-user': 'headcount_reader', 'x-clickhouse-key': 'reader-password' }

async function ask({ port }: ClickhouseBridge, { query = {}, body = '', headers = asWriter }: Asked) {
  const url = `http://127.0.0.1:${port}/?${new URLSearchParams(query)}`
  const response = await fetch(url, { method: 'POST', body, headers })
  return { status: response.status, headers: response.headers, text: (await response.text()).trim() }
}

describe('the bridge that stands for a ClickHouse server', () => {
  it('answers as the HTTP interface does: settings, parameters and databases are those of one request', async () => {
    await withBridge(async ({ bridge }) => {
      const sql = "SELECT {v:String}, getSetting('max_threads'), currentDatabase()"
      const query = { param_v: "it's", max_threads: '3', database: 'system', query_id: 'q-1' }
      const first = await ask(bridge, { query, body: sql })
      assert.deepEqual([first.status, first.text], [200, "it\\'s\t3\tsystem"])
      assert.equal(first.headers.get('x-clickhouse-query-id'), 'q-1')
      const second = await ask(bridge, { query: { param_v: 'a' }, body: sql })
      assert.match(second.text, /^a\t(?!3\t)\d+\tdefault$/)
    })
  })

  it('takes rows in the body, gzip too, and says how many', async () => {
    await withBridge(async ({ bridge }) => {
      await ask(bridge, { body: 'CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a' })
      const query = { query: 'INSERT INTO t (a) FORMAT TabSeparated' }
      for (const [body, headers] of [
        ['1\n2\n', asWriter],
        [new Uint8Array(gzipSync('3\n4\n')), { ...asWriter, 'content-encoding': 'gzip' }],
      ] as const) {
        const { headers: answered } = await ask(bridge, { query, body, headers })
        assert.equal(JSON.parse(answered.get('x-clickhouse-summary') ?? '{}').written_rows, '2')
      }
      assert.equal((await ask(bridge, { body: 'SELECT sum(a) FROM t' })).text, '10')
    })
  })

  it('refuses in the words and with the codes of ClickHouse', async () => {
    await withBridge(async ({ bridge, dir }) => {
      const outside = path.join(dir, 'outside')
      const refused: [Asked, number, RegExp][] = [
        [{ headers: { 'x-clickhouse-user': 'headcount', 'x-clickhouse-key': 'wrong' } }, 403, /^Code: 516\. .*AUTH/],
        [{ body: 'SELECT 1', query: { no_such: '1' } }, 404, /^Code: 115\. .*\(UNKNOWN_SETTING\)/],
        [{ body: 'SELECT 1', query: { database: 'nowhere' } }, 404, /^Code: 81\. .*\(UNKNOWN_DATABASE\)/],
        [{ body: 'SELECT 1; SELECT 2' }, 400, /^Code: 62\. .*Multi-statements are not allowed/],
        [{ body: `SELECT 1 INTO OUTFILE '${outside}'` }, 500, /^Code: 1\. .*INTO OUTFILE is not allowed/],
        [{ body: 'CREATE DATABASE d', query: { readonly: '1' } }, 500, /^Code: 164\. .*\(READONLY\)/],
        [{ body: 'CREATE DATABASE d', headers: asReader }, 500, /^Code: 164\. .*\(READONLY\)/],
        [{ body: 'SELECT 1', query: { max_threads: '9' }, headers: asReader }, 500, /^Code: 164\. .*'max_threads'/],
        [{ body: 'SELECT 1', query: { readonly: '0' }, headers: asReader }, 500, /^Code: 164\. .*'readonly'/],
      ]
      for (const [asked, status, words] of refused) {
        const { status: answered, text, headers } = await ask(bridge, asked)
        assert.match(text, words)
        assert.equal(answered, status, text)
        assert.equal(headers.get('x-clickhouse-exception-code'), /\d+/.exec(text)?.[0])
      }
      assert.equal((await ask(bridge, { body: 'SELECT 1', headers: asReader })).text, '1')
    })
  })

  it('dies with the process that started it, also when it is stopped', async () => {
    for (const state of ['running', 'stopped']) {
      await withTemporaryDirectory(async (dir) => {
        const script = fileURLToPath(new URL('./leave-bridge-behind.ts', import.meta.url))
        const parent = spawn(process.execPath, ['--import', 'tsx', script, path.join(dir, 'tables'), state], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const [port] = await once(parent.stdout, 'data')
        assert.equal(await listens(Number(port)), true)
        parent.kill('SIGKILL')
        for (let tries = 0; await listens(Number(port)); tries++) {
          assert.ok(tries < 100, `${state}: it is still there after 10 s`)
          await sleep(100)
        }
      })
    }
  })
})

/** A stopped process still listens; a dead one does not. */
async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return await once(socket, 'connect')
    .then(() => true)
    .catch(() => false)
    .finally(() => socket.destroy())
}
