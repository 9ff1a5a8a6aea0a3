/** Statements to servers that misbehave: what is asked again, what is not, and what the errors say. */
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { WarehouseError, WarehouseUnavailableError } from '../../../shared/warehouse/port.ts'
import { parseServerAddress } from '../../../shared/warehouse/server-address.ts'
import { ServerConnection } from '../../../shared/warehouse/server-connection.ts'
import { type FalseServer, startFalseServer } from './false-server.ts'

type Answer = Parameters<typeof startFalseServer>[0]

const canary = 'canary-4711'
const deadline = { waitMs: 1000, settings: {}, what: 'a statement' }
const row = (response: ServerResponse) =>
  void response.setHeader('X-ClickHouse-Summary', '{"written_rows":"1"}').end('{"x":1}\n')

async function withServer(
  answer: Answer,
  use: (connection: ServerConnection, server: FalseServer) => Promise<void>,
  gzip = 0,
): Promise<void> {
  const server = await startFalseServer(answer)
  const connection = new ServerConnection(
    parseServerAddress(`${server.url}/db?gzip=${gzip}`, 'HEADCOUNT_WAREHOUSE_URL'),
    'db',
  )
  try {
    await use(connection, server)
  } finally {
    await connection.close()
    server.close()
  }
}

const insert = (connection: ServerConnection) =>
  connection.insert({ table: 'cells', columns: ['a'] }, Buffer.from('1\n'), deadline)

/** Every second request of a connection finds it reset, as one does that was idle for too long. */
function resetSecond(): Answer {
  const seen = new WeakMap<object, number>()
  return (request, response) => {
    const count = (seen.get(request.socket) ?? 0) + 1
    seen.set(request.socket, count)
    if (count === 2) request.socket.resetAndDestroy()
    else row(response)
  }
}

describe('a statement to a server', () => {
  it('is asked again once on a stale socket when it is a SELECT', async () => {
    await withServer(resetSecond(), async (connection, { statements }) => {
      for (let index = 0; index < 2; index++)
        assert.deepEqual(await connection.select('SELECT 1 AS x', undefined, deadline), [{ x: 1 }])
      assert.equal(statements.length, 3)
    })
    await withServer(
      (request) => request.socket.resetAndDestroy(),
      async (connection, { statements }) => {
        await assert.rejects(connection.select('SELECT 1', undefined, deadline), WarehouseUnavailableError)
        assert.equal(statements.length, 2)
      },
    )
  })

  it('is never sent twice when it writes', async () => {
    await withServer(resetSecond(), async (connection, { statements }) => {
      await connection.select('SELECT 1 AS x', undefined, deadline)
      await assert.rejects(insert(connection), WarehouseUnavailableError)
      await connection.select('SELECT 1 AS x', undefined, deadline)
      await assert.rejects(connection.command('DROP TABLE t', undefined, deadline), WarehouseUnavailableError)
      assert.deepEqual(
        statements.filter((sql) => !sql.startsWith('SELECT')),
        ['INSERT INTO cells (a) FORMAT TabSeparated', 'DROP TABLE t'],
      )
    })
  })

  it('is unavailable, not refused, when the server is busy, going down, or not the one that answers', async () => {
    const answers: [number, string][] = [
      [500, `Code: 202. DB::Exception: Too many simultaneous queries ${canary}. (TOO_MANY_SIMULTANEOUS_QUERIES)`],
      [500, `Code: 252. DB::Exception: Too many parts ${canary}. (TOO_MANY_PARTS)`],
      [500, `Code: 319. DB::Exception: ${canary}. (UNKNOWN_STATUS_OF_INSERT)`],
      [502, `<html>${canary}</html>`],
      [503, ''],
    ]
    for (const [status, text] of answers) {
      await withServer(
        (_, response) => void response.writeHead(status).end(text),
        async (connection, { statements }) => {
          const error = await insert(connection).catch((thrown) => thrown)
          assert.ok(error instanceof WarehouseUnavailableError, text)
          assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), new RegExp(canary))
          assert.equal(statements.length, 1)
        },
      )
    }
  })

  it('is refused without the text of the refusal', async () => {
    await withServer(
      (_, response) =>
        void response.writeHead(400).end(`Code: 27. DB::Exception: Row 1: ${canary}. (CANNOT_PARSE_INPUT)`),
      async (connection) => {
        const error = await insert(connection).catch((thrown) => thrown)
        assert.ok(error instanceof WarehouseError)
        assert.equal(error.message, 'a statement was refused by the engine: CANNOT_PARSE_INPUT (27)')
        assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), new RegExp(canary))
      },
    )
  })

  it('ends in its time also when the answer stops in the middle', async () => {
    await withServer(
      (_, response) => void response.write('{"x":1}\n{"x"'),
      async (connection) => {
        const start = performance.now()
        const asked = connection.select('SELECT 1', undefined, { ...deadline, waitMs: 200 })
        await assert.rejects(asked, WarehouseUnavailableError)
        assert.ok(performance.now() - start < 2000)
      },
    )
  })

  it('is unavailable when what answers is no ClickHouse', async () => {
    await withServer(
      (_, response) => void response.end(`<html>${canary}</html>\n`),
      async (connection) => {
        for (const statement of [
          connection.select('SELECT 1', undefined, deadline),
          connection.command('DROP TABLE t', undefined, deadline),
          insert(connection),
        ]) {
          const error = await statement.catch((thrown) => thrown)
          assert.ok(error instanceof WarehouseUnavailableError)
          assert.match(error.message, /not an answer of ClickHouse/)
          assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), new RegExp(canary))
        }
      },
    )
  })

  it('is compressed when the URL says so, and not otherwise', async () => {
    for (const gzip of [0, 1]) {
      const encodings: (string | undefined)[] = []
      await withServer(
        (request, response) => {
          encodings.push(request.headers['content-encoding'])
          row(response)
        },
        async (connection) => void (await insert(connection)),
        gzip,
      )
      assert.deepEqual(encodings, [gzip ? 'gzip' : undefined])
    }
  })
})
