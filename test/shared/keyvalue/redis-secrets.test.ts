/** What Redis keeps of a secret in its files, and what is left of it after `destroy`. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { it } from 'node:test'
import { Redis } from 'ioredis'
import { KeyValueUnavailableError } from '../../../shared/keyvalue/port.ts'
import { filesHolding } from '../../fixtures/live-folder.ts'
import { describeWithRedis, openStore, type TestRedis, withRedis } from '../../fixtures/redis.ts'

const reachedMsMax = 20_000

/** Calls again while Redis is not reached: after a start the client comes back at its own time. */
async function onceReached(call: () => Promise<unknown>): Promise<void> {
  for (const deadline = performance.now() + reachedMsMax; ; )
    try {
      await call()
      return
    } catch (error) {
      if (!(error instanceof KeyValueUnavailableError) || performance.now() > deadline) throw error
    }
}

const name = 'epoch/day:2026-11-23'

async function withClient<T>(redis: TestRedis, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(redis.url)
  try {
    return await use(client)
  } finally {
    client.disconnect()
  }
}

async function rewrites(client: Redis): Promise<number> {
  return Number(/aof_rewrites:(\d+)/.exec(await client.info('persistence'))?.[1])
}

describeWithRedis('secrets on Redis', () => {
  it('deleting alone leaves the bytes in the append-only file and the snapshot; destroy leaves them in none', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis)
      const planted = randomBytes(32)
      const secret = (await store.secrets.createOnce(name, () => randomBytes(32))) as Buffer
      await withClient(redis, async (client) => {
        await client.set('planted', planted)
        await client.bgrewriteaof()
        while (/aof_rewrite_in_progress:1/.test(await client.info('persistence')));
        await client.save()
        await client.del('planted')
      })
      const held = ['appendonlydir/appendonly.aof.2.base.rdb', 'dump.rdb']
      assert.deepEqual(await filesHolding(redis.dir, planted), held)
      assert.deepEqual(await filesHolding(redis.dir, secret), held)
      await store.secrets.destroy(name)
      assert.deepEqual(await filesHolding(redis.dir, secret), [])
      assert.deepEqual(await filesHolding(redis.dir, planted), [])
    })
  })

  it('a destroy that could not rewrite the files says so, and the next open finishes it', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis)
      const secret = (await store.secrets.createOnce(name, () => randomBytes(32))) as Buffer
      await withClient(redis, async (client) => {
        await client.acl('SETUSER', 'default', '-bgrewriteaof')
        await assert.rejects(store.secrets.destroy(name), KeyValueUnavailableError)
        assert.equal(await store.secrets.isDestroyed(name), true)
        assert.equal(await store.secrets.read(name), undefined)
        assert.notDeepEqual(await filesHolding(redis.dir, secret), [])
        await assert.rejects(openStore(redis), KeyValueUnavailableError)
        await client.acl('SETUSER', 'default', '+bgrewriteaof')
      })
      await openStore(redis)
      assert.deepEqual(await filesHolding(redis.dir, secret), [])
    })
  })

  it('when Redis is killed at any moment of a destroy, the next one or a sweep finishes it', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis, { callMsMax: 500 })
      let interrupted = 0
      for (let round = 0; round < 6; round++) {
        const secret = (await store.secrets.createOnce(`${name}/${round}`, () => randomBytes(32))) as Buffer
        const destroyed = store.secrets.destroy(`${name}/${round}`).catch((error) => {
          assert.ok(error instanceof KeyValueUnavailableError, String(error))
          interrupted++
        })
        await new Promise((resolve) => setTimeout(resolve, round * 3))
        await redis.kill('SIGKILL')
        await destroyed
        await redis.start()
        await onceReached(() => (round % 2 === 0 ? store.secrets.destroy(`${name}/${round}`) : store.sweep()))
        // A kill may have come before the tombstone: then nobody but the caller knows of the destroy.
        const isDestroyed = await store.secrets.isDestroyed(`${name}/${round}`)
        if (round % 2 === 0) assert.ok(isDestroyed)
        if (!isDestroyed) continue
        assert.equal(await store.secrets.read(`${name}/${round}`), undefined)
        assert.deepEqual(await filesHolding(redis.dir, secret), [])
      }
      assert.ok(interrupted > 0)
    })
  })

  it('a rewrite that began before the destroy does not count for it', async () => {
    for (const command of ['BGREWRITEAOF', 'BGSAVE']) {
      await withRedis({}, async (redis) => {
        const store = await openStore(redis)
        const secret = (await store.secrets.createOnce(name, () => randomBytes(32))) as Buffer
        for (let index = 0; index < 50; index++) await store.put(`${index}`, randomBytes(1024))
        await withClient(redis, async (client) => {
          // Microseconds a key, so that each rewrite takes a while.
          await client.config('SET', 'rdb-key-save-delay', '4000')
          await client.call(command)
          await store.secrets.destroy(name)
          assert.match(await client.info('persistence'), /aof_rewrite_in_progress:0/)
          assert.match(await client.info('persistence'), /rdb_bgsave_in_progress:0/)
        })
        assert.deepEqual(await filesHolding(redis.dir, secret), [])
      })
    }
  })

  it('a temporary file that a killed rewrite left behind goes when Redis is started again', async () => {
    await withRedis({ settings: { 'rdb-key-save-delay': '20000' } }, async (redis) => {
      const store = await openStore(redis)
      const secret = (await store.secrets.createOnce(name, () => randomBytes(32))) as Buffer
      for (let index = 0; index < 300; index++) await store.put(`${index}`, randomBytes(1024))
      await withClient(redis, async (client) => {
        await client.bgrewriteaof()
      })
      const temporary = async () => (await readdir(redis.dir)).filter((file) => file.startsWith('temp-'))
      while ((await temporary()).length === 0);
      await redis.kill('SIGKILL')
      assert.equal((await temporary()).length, 1)
      await redis.start()
      assert.deepEqual(await temporary(), [])
      await withClient(redis, (client) => client.config('SET', 'rdb-key-save-delay', '0'))
      await store.secrets.destroy(name)
      assert.deepEqual(await filesHolding(redis.dir, secret), [])
    })
  })

  it('destroys at the same time share their rewrites', async () => {
    await withRedis({}, async (redis) => {
      const stores = await Promise.all([openStore(redis), openStore(redis)])
      const names = Array.from({ length: 40 }, (_, index) => `${name}/${index}`)
      const secrets = (await Promise.all(
        names.map((each, index) => stores[index % 2]?.secrets.createOnce(each, () => randomBytes(32))),
      )) as Buffer[]
      await withClient(redis, async (client) => {
        const before = await rewrites(client)
        await Promise.all(names.map((each, index) => stores[index % 2]?.secrets.destroy(each)))
        assert.ok((await rewrites(client)) - before <= 4)
      })
      assert.deepEqual(await filesHolding(redis.dir, ...secrets), [])
    })
  })

  it('what was never made needs no rewrite to be destroyed, nor what is gone already', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis)
      await withClient(redis, async (client) => {
        const before = await rewrites(client)
        for (let time = 0; time < 2; time++) await store.secrets.destroy('never made')
        assert.equal(await rewrites(client), before)
      })
    })
  })

  it('of two processes that make a secret and one that destroys it none sees one come back', async () => {
    await withRedis({}, async (redis) => {
      const [one, other, third] = await Promise.all([openStore(redis), openStore(redis), openStore(redis)])
      for (let round = 0; round < 30; round++) {
        const racing = `race-${round}`
        const [first, second] = await Promise.all([
          one.secrets.createOnce(racing, () => randomBytes(32)),
          other.secrets.createOnce(racing, () => randomBytes(32)),
          new Promise((resolve) => setTimeout(resolve, (round % 5) * 0.5)).then(() => third.secrets.destroy(racing)),
        ])
        if (first && second) assert.deepEqual(first, second)
        assert.equal(await one.secrets.read(racing), undefined)
        if (first) assert.deepEqual(await filesHolding(redis.dir, first), [])
      }
    })
  })

  it('a server with a replica is refused, because the replica’s files would keep what is destroyed', async () => {
    await withRedis({}, async (redis) => {
      const store = await openStore(redis)
      await store.secrets.createOnce(name, () => randomBytes(32))
      await withRedis({ settings: { replicaof: `127.0.0.1 ${redis.port}` } }, async (replica) => {
        await withClient(redis, async (client) => {
          while (!/connected_slaves:1/.test(await client.info('replication')));
        })
        await assert.rejects(openStore(redis), /it has replicas, whose files keep what is destroyed here/)
        await assert.rejects(store.secrets.destroy(name), /has replicas/)
        await assert.rejects(openStore(replica), /it is a replica/)
      })
    })
  })
})
