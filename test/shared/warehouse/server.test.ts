/** The warehouse on a server that refuses, stops, dies and comes back, and over TLS. The server is the test double. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { ConfigError } from '../../../shared/config.ts'
import { WarehouseError, WarehouseUnavailableError } from '../../../shared/warehouse/port.ts'
import { openServerWarehouse } from '../../../shared/warehouse/server.ts'
import { block, countEvents, createEvents } from '../../contract/warehouse.ts'
import { withBridge } from '../../fixtures/bridged-warehouse.ts'
import { startTlsFront } from './tls-front.ts'

const canary = 'canary-4711'

/** Everything that a logger could show of the error that must come. */
async function failureOf(promise: Promise<unknown>): Promise<{ error: Error; shown: string; ms: number }> {
  const start = performance.now()
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (thrown) => thrown,
  )
  const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)
  return { error, shown, ms: performance.now() - start }
}

describe('the warehouse on a server that cannot be reached', () => {
  it('fails within its time when the server hangs, and goes on by itself when it is back', async () => {
    await withBridge(async ({ bridge, open }) => {
      const warehouse = await open({ waits: { selectMs: 2000, insertMs: 400, commandMs: 400 } })
      await warehouse.command(createEvents)
      await warehouse.insert(block(1, 'before'))
      await bridge.kill('SIGSTOP')
      for (const statement of [
        () => warehouse.insert(block(1, 'hanging')),
        () => warehouse.command('OPTIMIZE TABLE events'),
        () => warehouse.select('SELECT 1'),
      ]) {
        const { error, ms } = await failureOf(statement())
        assert.ok(error instanceof WarehouseUnavailableError, error.message)
        assert.ok(ms < 5000, `${ms} ms`)
      }
      await bridge.kill('SIGCONT')
      await warehouse.insert(block(1, 'after'))
      // The hanging insert may have been carried out or not: that is what the error says.
      assert.ok([2, 3].includes(await countEvents(warehouse)))
    })
  })

  it('fails at once when nothing listens, and goes on by itself when the server is back', async () => {
    await withBridge(async ({ bridge, open }) => {
      const warehouse = await open()
      await warehouse.command(createEvents)
      await warehouse.insert(block(3, 'a'))
      await bridge.kill('SIGKILL')
      for (const statement of [
        () => warehouse.insert(block(1, 'b')),
        () => warehouse.select('SELECT 1'),
        () => open(),
      ]) {
        const { error, ms } = await failureOf(statement())
        assert.ok(error instanceof WarehouseUnavailableError, error.message)
        assert.ok(ms < 5000, `${ms} ms`)
      }
      await bridge.start()
      await warehouse.insert(block(1, 'b', 10))
      assert.equal(await countEvents(warehouse), 4)
    })
  })

  it('waits for running statements when it is closed, and takes no more', async () => {
    await withBridge(async ({ open }) => {
      const warehouse = await open()
      const running = warehouse.select('SELECT sleep(0.3) AS slept')
      await warehouse.close()
      assert.deepEqual(await running, [{ slept: 0 }])
      await assert.rejects(warehouse.select('SELECT 1'), /closed/)
    })
  })
})

describe('what a server refuses', () => {
  it('a wrong password names the setting, never the password', async () => {
    await withBridge(async ({ bridge, open }) => {
      const url = bridge.url.replace('writer-password', `${canary}%2F%25`)
      const { error, shown } = await failureOf(open({ url }))
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, /HEADCOUNT_WAREHOUSE_URL: .*127\.0\.0\.1:\d+ does not accept the user "headcount"/)
      assert.doesNotMatch(shown, new RegExp(canary))
      const warehouse = await open({ readerUrl: bridge.readerUrl.replace('reader-password', canary) })
      const reading = await failureOf(warehouse.reader())
      assert.match(reading.error.message, /HEADCOUNT_WAREHOUSE_READER_URL/)
      assert.doesNotMatch(reading.shown, new RegExp(canary))
    })
  })

  it('no error shows a row, a parameter or a literal, and the engine forgets the refused rows too', async () => {
    await withBridge(async ({ open }) => {
      const warehouse = await open()
      await warehouse.command(createEvents)
      const reader = await warehouse.reader()
      const malformed = { ...block(1, 'a'), lines: `${canary}\ttext\t[]\n` }
      for (const statement of [
        () => warehouse.insert(malformed),
        () => warehouse.insert({ ...malformed, lines: `1\t${canary}\t[${canary}]\n` }),
        () => warehouse.select('SELECT toUInt8({v:String})', { v: canary }),
        () => warehouse.select('SELECT {v:UInt8}', { v: canary }),
        () => reader.select(`SELECT toUInt8('${canary}')`),
        () => warehouse.command(`ALTER TABLE events DELETE WHERE toUInt8('${canary}') = 1`),
      ]) {
        const { error, shown } = await failureOf(statement())
        assert.ok(error instanceof WarehouseError, error.message)
        assert.match(error.message, /was refused by the engine: [A-Z_]+ \(\d+\)$/)
        assert.doesNotMatch(shown, new RegExp(canary))
      }
      const [kept] = await warehouse.select<{ rows: string }>(
        `SELECT count() AS rows FROM system.errors WHERE last_error_message LIKE '%Row %' AND last_error_message LIKE '%${canary.slice(0, 6)}%'`,
      )
      assert.deepEqual(kept, { rows: '0' })
    })
  })

  it('a reader with a user of its own cannot write whatever it sends; one without sends readonly = 1', async () => {
    await withBridge(async ({ bridge, open }) => {
      const warned: string[] = []
      const warn = (message: string) => void warned.push(message)
      const own = await open({ readerUrl: bridge.readerUrl, warn })
      await own.command(createEvents)
      await own.insert(block(2, 'a'))
      assert.equal(await countEvents(await own.reader()), 2)
      assert.equal(warned.length, 0)
      const asReader = await open({ url: `${bridge.readerUrl}/headcount` })
      await assert.rejects(asReader.insert(block(1, 'b')), /READONLY \(164\)/)
      await assert.rejects(asReader.command('DROP TABLE events'), /READONLY \(164\)/)

      const shared = await open({ warn })
      const reader = await shared.reader()
      assert.equal(await countEvents(reader), 2)
      const readonly = await reader.select("SELECT getSetting('readonly') AS readonly")
      assert.deepEqual(readonly, [{ readonly: 1 }])
      assert.match(warned.join(), /HEADCOUNT_WAREHOUSE_READER_URL/)
    })
  })
})

describe('the database and the connection', () => {
  it('the database is made when it is missing, and kept when it is there', async () => {
    await withBridge(async ({ bridge, open }) => {
      const first = await open({ url: `${bridge.url}/counted` })
      await first.command(createEvents)
      const second = await open({ url: `${bridge.url}/counted` })
      assert.equal(await countEvents(second), 0)
      assert.deepEqual(await second.select('SELECT currentDatabase() AS name'), [{ name: 'counted' }])
      await assert.rejects(countEvents(await open()), /UNKNOWN_TABLE/)
    })
  })

  it('a user that may not make the database is told what to do', async () => {
    await withBridge(async ({ bridge, open }) => {
      const { error } = await failureOf(open({ url: `${bridge.readerUrl}/not_there` }))
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, /no database "not_there".*infra\/clickhouse\/users\.sql/)
    })
  })

  it('goes over TLS when the authority is given, and names the setting when it is not', async () => {
    await withBridge(async ({ bridge, dir, open }) => {
      const front = await startTlsFront(dir, bridge.port)
      const url = bridge.url.replace('http:', 'https:').replace(`:${bridge.port}`, `:${front.port}`)
      try {
        const warehouse = await open({ url: `${url}?ca=${front.caFile}` })
        await warehouse.command(createEvents)
        await warehouse.insert(block(1000, 'a'))
        assert.equal(await countEvents(await warehouse.reader()), 1000)
        const { error } = await failureOf(open({ url }))
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, /HEADCOUNT_WAREHOUSE_URL: .*TLS.*\?ca=file/)
        const missing = await failureOf(open({ url: `${url}?ca=/not/there` }))
        assert.match(missing.error.message, /HEADCOUNT_WAREHOUSE_URL: .*\/not\/there \(ENOENT\)/)
        await warehouse.close()
      } finally {
        front.close()
      }
    })
  })

  it('compressed inserts and quorum settings make one part as well', async () => {
    await withBridge(async ({ bridge, open }) => {
      const warehouse = await open({ url: `${bridge.url}?gzip=1&replicated=1` })
      await warehouse.command(createEvents)
      await warehouse.insert(block(100_000, 'a'))
      const parts = await warehouse.select("SELECT rows FROM system.parts WHERE table = 'events' AND active")
      assert.deepEqual(parts, [{ rows: '100000' }])
    })
  })

  it('a long list of parameters arrives', async () => {
    await withBridge(async ({ open }) => {
      const reader = await (await open()).reader()
      const ids = Array.from({ length: 20_000 }, (_, index) => index)
      assert.deepEqual(await reader.select('SELECT length({ids:Array(UInt32)}) AS n', { ids }), [{ n: '20000' }])
    })
  })

  it('a URL that cannot be one is refused without showing its password', async () => {
    for (const url of [
      `http://user:${canary}@host:8123/two/parts`,
      `http://user:${canary}@host:8123/db?x=1`,
      `clickhouse://user:${canary}@host/db`,
      `http://user:${canary}#@host/db`,
      `http://user:${canary}%@host/db`,
    ]) {
      const { error, shown } = await failureOf(openServerWarehouse({ url, warn: () => undefined }))
      assert.ok(error instanceof ConfigError, url)
      assert.match(error.message, /HEADCOUNT_WAREHOUSE_URL/)
      assert.doesNotMatch(shown, new RegExp(canary))
    }
  })
})
