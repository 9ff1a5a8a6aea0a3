/** The key-value contract on a real Redis, and what only several processes or a killed server can show. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type KeyValue, KeyValueUnavailableError } from '../../shared/keyvalue/port.ts'
import { describeWithRedis, openStore, withRedis } from '../fixtures/redis.ts'
import { keyValueContract } from './key-value.ts'

const text = (value: string) => Buffer.from(value)

interface Raced {
  name: string
  won: number[]
  secrets: string[]
  increments: number
}

/** Starts a racer; `raced` is what it got once it was let go. */
function racer(url: string, name: string, rounds: number): { here: Promise<void>; raced: Promise<Raced> } {
  const script = fileURLToPath(new URL('./redis-racer.ts', import.meta.url))
  const args = ['--import', 'tsx', script, url, name, String(rounds)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const here = lines.next().then(() => undefined)
  return { here, raced: here.then(async () => JSON.parse((await lines.next()).value ?? '') as Raced) }
}

describeWithRedis('on Redis', (redis) => {
  keyValueContract(
    'Redis',
    ({ dir, clock }) => openStore(redis(), { clock, prefix: `${path.basename(dir)}:` }),
    () => redis().dir,
  )

  it('by default a value expires by the server’s clock, and a sweep removes it', async () => {
    const store = await openStore(redis(), { prefix: 'server-clock:' })
    await store.put('long', text('l'), { ttlMs: 60_000 })
    await store.put('short', text('s'), { ttlMs: 2000 })
    assert.deepEqual(await store.get('short'), text('s'))
    assert.equal(await store.putIfAbsent('short', text('again')), false)
    while (await store.get('short')) await sleep(5)
    assert.deepEqual(await store.get('long'), text('l'))
    assert.equal(await store.sweep(), 1)
    assert.equal(await store.sweep(), 0)
    const before = Date.now()
    await store.secrets.createOnce('made now', () => randomBytes(32))
    const [{ createdAt } = { createdAt: 0 }] = await store.secrets.list()
    assert.ok(Math.abs(createdAt - before) < 1000, 'by a clock like ours')
  })

  it('two stores with prefixes of their own on one server see nothing of each other', async () => {
    const [one, other] = [await openStore(redis(), { prefix: 'one:' }), await openStore(redis(), { prefix: 'other:' })]
    await one.put('a', text('1'))
    await one.secrets.createOnce('s', () => randomBytes(32))
    await one.secrets.destroy('d')
    assert.equal(await other.get('a'), undefined)
    for await (const entry of other.scan('')) assert.fail(`found ${entry}`)
    assert.deepEqual(await other.secrets.list(), [])
    assert.equal(await other.secrets.isDestroyed('d'), false)
  })

  it('of three processes that race one writes each value, all get the same secrets, and no increment is lost', async () => {
    const rounds = 500
    const store = await openStore(redis())
    const racers = ['x', 'y', 'z'].map((name) => racer(redis().url, name, rounds))
    await Promise.all(racers.map(({ here }) => here))
    await store.put('go', text(''))
    const raced = await Promise.all(racers.map((one) => one.raced))
    const winners = raced.flatMap(({ name, won }) => won.map((round) => `${round} ${name}`))
    assert.equal(winners.length, rounds)
    for (const winner of winners) {
      const [round, name] = winner.split(' ')
      assert.deepEqual(await store.get(`once/${round}`), text(name ?? ''))
    }
    for (const { secrets } of raced) assert.deepEqual(secrets, raced[0]?.secrets)
    const increments = raced.reduce((sum, one) => sum + one.increments, 0)
    assert.equal(Number(await store.get('n')), increments)
    assert.ok(raced.every(({ won }) => won.length > 0) && increments < 3 * rounds, 'they did not race')
  })

  it('every acknowledged write is there after each of 6 kills of the server in the middle of writes', async () => {
    await withRedis({}, async (server) => {
      const stores = await Promise.all([openStore(server), openStore(server)])
      const acknowledged = new Map<string, Buffer>()
      let unavailable = 0
      for (let kill = 0; kill < 6; kill++) {
        let stopped = false
        const write = async (store: KeyValue, writer: number) => {
          for (let index = 0; !stopped; index++) {
            const [key, value] = [`${kill}/${writer}/${index}`, randomBytes(10 + ((index * 991) % 20_000))]
            try {
              await store.put(key, value, index % 3 === 0 ? { ttlMs: 1e9 } : {})
              acknowledged.set(key, value)
            } catch (error) {
              assert.ok(error instanceof KeyValueUnavailableError)
              unavailable++
            }
          }
        }
        const writers = Array.from({ length: 16 }, (_, index) => write(stores[index % 2] as KeyValue, index))
        await sleep(60 + kill * 23)
        await server.kill('SIGKILL')
        stopped = true
        await server.start()
        await Promise.all(writers)
        await assertHolds(stores[0] as KeyValue, acknowledged)
      }
      assert.ok(acknowledged.size > 100 && unavailable > 0, `${acknowledged.size} ${unavailable}`)
    })
  })

  it('a scan of more than memory should hold at once comes in portions, whole and in order', async () => {
    const store = await openStore(redis(), { prefix: 'large:' })
    const keys = Array.from({ length: 1300 }, (_, index) => `p/${String(index).padStart(5, '0')}`)
    await Promise.all(keys.map((key, index) => store.put(key, Buffer.alloc((index * 7919) % 50_000, index))))
    let at = 0
    for await (const [key, value] of store.scan('p/')) {
      assert.equal(key, keys[at])
      assert.ok(value.equals(Buffer.alloc((at * 7919) % 50_000, at)))
      at++
    }
    assert.equal(at, keys.length)
  })
})

/** All of it, by key and by scan; what else is there was written without an answer. */
async function assertHolds(store: KeyValue, acknowledged: ReadonlyMap<string, Buffer>): Promise<void> {
  const found = new Map<string, Buffer>()
  for await (const [key, value] of store.scan('')) found.set(key, value)
  const lost = [...acknowledged].filter(([key, value]) => !found.get(key)?.equals(value))
  assert.deepEqual(
    lost.map(([key]) => key),
    [],
  )
}
