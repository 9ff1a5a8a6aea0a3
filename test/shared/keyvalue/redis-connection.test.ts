/** A Redis that is away, hangs, comes back, is not fit, or does not let us in. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import path from 'node:path'
import { it } from 'node:test'
import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { type KeyValue, KeyValueUnavailableError } from '../../../shared/keyvalue/port.ts'
import { openRedisKeyValue } from '../../../shared/keyvalue/redis.ts'
import { describeWithRedis, openStore, type TestRedis, withRedis } from '../../fixtures/redis.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'

const callMsMax = 1000
/** More than a call may take, for a machine that is busy. */
const callMsSeen = callMsMax + 1000
const value = Buffer.from('value')

/** How long it took to fail. */
async function unavailableAfter(call: Promise<unknown>): Promise<number> {
  const from = performance.now()
  await assert.rejects(call, KeyValueUnavailableError)
  return performance.now() - from
}

/** Resolves when a call works again; that is for a person or a worker to try, as they do. */
async function works(store: KeyValue): Promise<void> {
  for (let tries = 0; ; tries++) {
    const failed = await store.put('again', value).catch((error: unknown) => error)
    if (failed === undefined) return
    assert.ok(failed instanceof KeyValueUnavailableError && tries < 20, String(failed))
  }
}

async function administer(redis: TestRedis, ...commands: [string, ...string[]][]): Promise<void> {
  const client = new Redis(redis.url)
  for (const command of commands) await client.call(...command)
  client.disconnect()
}

/** Everything that a log could show of an error. */
function shown(error: unknown): string {
  return `${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)}`
}

describeWithRedis('the connection to Redis', () => {
  it('while Redis is away every call fails in bounded time, and works by itself once it is back', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis, { callMsMax })
      await store.put('kept', value)
      for (let round = 0; round < 3; round++) {
        await redis.kill('SIGKILL')
        const calls = [store.get('kept'), store.put('a', value), store.secrets.read('s'), store.sweep()]
        for (const ms of await Promise.all(calls.map(unavailableAfter))) assert.ok(ms < callMsSeen, `${ms} ms`)
        await redis.start()
        await works(store)
        assert.deepEqual(await store.get('kept'), value)
      }
    })
  })

  it('a call made while Redis restarts waits for it', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis)
      await store.put('kept', value)
      await redis.kill('SIGKILL')
      const [found] = await Promise.all([store.get('kept'), redis.start()])
      assert.deepEqual(found, value)
    })
  })

  it('a Redis that hangs with its connections open is noticed, and used again when it goes on', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis, { callMsMax })
      await redis.kill('SIGSTOP')
      assert.ok((await unavailableAfter(store.put('a', value))) < callMsSeen)
      assert.ok((await unavailableAfter(store.get('a'))) < callMsSeen)
      await redis.kill('SIGCONT')
      await works(store)
    })
  })

  it('a connection that a network has forgotten without closing it is replaced', async () => {
    await withRedis({}, async (redis) => {
      const carried: Socket[] = []
      const network = createServer((client) => {
        const server = connect(redis.port, '127.0.0.1')
        client.pipe(server).pipe(client)
        carried.push(client, server)
        for (const socket of [client, server]) socket.on('error', () => undefined)
      }).listen(0, '127.0.0.1')
      await once(network, 'listening')
      const { port } = network.address() as { port: number }
      const store = await openStore(redis, { url: `redis://127.0.0.1:${port}`, callMsMax })
      await store.put('a', value)
      for (const socket of carried) socket.unpipe()
      assert.ok((await unavailableAfter(store.put('a', value))) < callMsSeen)
      await works(store)
      await store.close()
      for (const socket of carried) socket.destroy()
      network.close()
    })
  })

  it('calls that wait are bounded in number: more are refused at once', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis, { callMsMax })
      await redis.kill('SIGKILL')
      await unavailableAfter(store.get('a'))
      let ended = 0
      const waiting = Array.from({ length: 1000 }, async () => {
        await unavailableAfter(store.get('a'))
        ended++
      })
      await unavailableAfter(store.get('a'))
      assert.equal(ended, 0)
      await Promise.all(waiting)
    })
  })

  it('nothing is sent twice: as many increments are there as were acknowledged, but for those without an answer', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis, { callMsMax })
      await store.put('n', Buffer.from('0'))
      let acknowledged = 0
      let unknown = 0
      let refused = 0
      let stopped = false
      const counting = (async () => {
        while (!stopped) {
          try {
            const found = (await store.get('n')) as Buffer
            if (await store.compareAndSet('n', found, Buffer.from(String(Number(found) + 1)))) acknowledged++
            else refused++
          } catch (error) {
            assert.ok(error instanceof KeyValueUnavailableError)
            unknown++
          }
        }
      })()
      for (let kill = 0; kill < 8; kill++) {
        const before = acknowledged
        while (acknowledged < before + 5 + kill) await new Promise((resolve) => setTimeout(resolve, kill))
        await redis.kill('SIGKILL')
        await redis.start()
      }
      stopped = true
      await counting
      await works(store)
      const counted = Number(await store.get('n'))
      assert.ok(unknown > 0, `${acknowledged} ${unknown}`)
      // The only one that counts: a command sent again would find its own write and be refused.
      assert.equal(refused, 0)
      assert.ok(counted >= acknowledged && counted <= acknowledged + unknown, `${counted} ${acknowledged} ${unknown}`)
    })
  })

  it('a store that is closed says so, also to who was waiting, and closes though Redis is away', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis)
      await redis.kill('SIGKILL')
      const waiting = assert.rejects(store.get('a'), KeyValueUnavailableError)
      await new Promise((resolve) => setTimeout(resolve, 20))
      await store.close()
      await waiting
      await assert.rejects(store.get('a'), /the key-value store is closed/)
    })
  })

  it('opening fails in bounded time when nobody answers', async () => {
    const from = performance.now()
    const url = 'redis://user:hush@127.0.0.1:1/0'
    const error = await openRedisKeyValue({ url, warn: assert.fail, callMsMax }).catch((error: unknown) => error)
    assert.ok(error instanceof KeyValueUnavailableError)
    assert.match(error.message, /Redis at redis:\/\/127\.0\.0\.1:1\/0 cannot be used now: connect ECONNREFUSED/)
    assert.ok(performance.now() - from < callMsSeen)
    assert.ok(!shown(error).includes('hush'))
  })

  const unfit: [setting: string, value: string, message: RegExp][] = [
    ['maxmemory-policy', 'allkeys-lru', /maxmemory-policy is allkeys-lru, .*; set it to noeviction/],
    ['appendonly', 'no', /appendonly is no, .*; set it to yes/],
    ['appendfsync', 'everysec', /appendfsync is everysec, .*; set it to always/],
    ['no-appendfsync-on-rewrite', 'yes', /no-appendfsync-on-rewrite is yes, .*; set it to no/],
    ['cluster-enabled', 'yes', /part of a Redis Cluster/],
  ]
  for (const [setting, wrong, message] of unfit) {
    it(`a server with ${setting} ${wrong} is refused at once, naming the mend`, async () => {
      await withRedis({ settings: { [setting]: wrong } }, async (redis) => {
        const from = performance.now()
        await assert.rejects(openStore(redis, { warn: () => undefined }), message)
        assert.ok(performance.now() - from < 5000)
      })
    })
  }

  it('a server that comes back unfit is not used, with a warning, until it is mended', async () => {
    await withRedis({}, async (redis) => {
      const warnings: string[] = []
      const store = await openStore(redis, { callMsMax, warn: (message) => warnings.push(message) })
      await administer(redis, ['CONFIG', 'SET', 'appendfsync', 'everysec'], ['CLIENT', 'KILL', 'TYPE', 'normal'])
      for (let tries = 0; tries < 3; tries++)
        await assert.rejects(store.put('a', value), (error: Error) => error instanceof KeyValueUnavailableError)
      await assert.rejects(store.put('a', value), /appendfsync is everysec/)
      assert.equal(warnings.length, 1)
      assert.match(warnings[0] ?? '', /appendfsync is everysec/)
      await administer(redis, ['CONFIG', 'SET', 'appendfsync', 'always'])
      await works(store)
    })
  })

  it('where CONFIG is forbidden the store opens and warns of what it could not see', async () => {
    for (const settings of [
      { 'rename-command': ['CONFIG', ''] },
      { user: 'default on nopass ~* &* +@all -config'.split(' ') },
    ]) {
      await withRedis({ settings }, async (redis) => {
        const warnings: string[] = []
        const store = await openStore(redis, { warn: (message) => warnings.push(message) })
        assert.match(warnings.join('\n'), /^Redis at \S+: CONFIG is forbidden, so it is not known whether appendfsync/)
        await works(store)
      })
    }
  })

  it('a full server refuses writes as unavailable, and takes them again when there is room', async () => {
    await withRedis({ settings: { maxmemory: '3mb' } }, async (redis) => {
      const store = await openStore(redis)
      const fill = async () => {
        for (let index = 0; index < 20; index++) await store.put(`${index}`, randomBytes(500_000))
      }
      await assert.rejects(fill(), (error: Error) => {
        assert.match(error.message, /OOM/)
        return error instanceof KeyValueUnavailableError
      })
      await administer(redis, ['CONFIG', 'SET', 'maxmemory', '100mb'])
      await fill()
    })
  })

  it('user and password are used, and never shown', async () => {
    const password = 'p/?#@:%&"\\ ü-hush'
    await withRedis({ password }, async (redis) => {
      const warnings: string[] = []
      const warn = (message: string) => warnings.push(message)
      await works(await openStore(redis, { warn }))
      const encoded = encodeURIComponent(password)
      const urls = [
        redis.url.replace(encoded, `${encoded}-wrong`),
        redis.url.replace(/\/\/.*@/, '//'),
        redis.url.replace(encoded, password),
        redis.url.replace(encoded, '%zz-hush'),
        redis.url.replace(/:\d+$/, ':1'),
        `${redis.url}/hush?x=hush`,
      ]
      for (const url of urls) {
        const error = await openStore(redis, { url, warn, callMsMax }).catch((error: unknown) => error)
        assert.ok(error instanceof Error)
        assert.ok(!shown(error).includes('hush'), shown(error))
      }
      assert.match(warnings.join('\n'), /WRONGPASS/)
      assert.match(warnings.join('\n'), /NOAUTH|Authentication required/)
      assert.ok(!warnings.join('\n').includes('hush'))
    })
  })

  it('an error tells nothing of the values in a command', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis)
      await administer(redis, ['SET', 'headcount:expiries', 'of a wrong type'])
      await assert.rejects(store.put('a', Buffer.from('hush'), { ttlMs: 5 }), (error: Error) => {
        assert.match(error.message, /WRONGTYPE/)
        assert.ok(!shown(error).includes('hush'))
        return true
      })
    })
    await withRedis({ settings: { 'rename-command': ['EVALSHA', ''] } }, async (redis) => {
      const store = await openStore(redis)
      await store.put('first', value)
      await assert.rejects(store.put('hush', Buffer.from('hush')), (error: Error) => {
        assert.match(error.message, /unknown command/)
        assert.ok(!shown(error).includes('hush'), shown(error))
        return true
      })
    })
  })

  it('speaks TLS, and only to a server whose certificate descends from the given authority', async () => {
    await withTemporaryDirectory(async (dir) => {
      const [certificate, key] = [path.join(dir, 'certificate.pem'), path.join(dir, 'key.pem')]
      const request = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2', '-nodes']
      const files = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', key, '-out', certificate]
      execFileSync('openssl', ['req', '-x509', ...request, ...files], { stdio: 'ignore' })
      await withRedis({ tls: { certificate, key }, password: 'hush' }, async (redis) => {
        await works(await openStore(redis, { url: `${redis.url}?ca=${encodeURIComponent(certificate)}` }))
        await assert.rejects(openStore(redis, { callMsMax }), /self-signed certificate/)
        const plain = redis.url.replace('rediss:', 'redis:')
        await assert.rejects(openStore(redis, { url: plain, callMsMax }), KeyValueUnavailableError)
      })
    })
  })
})
