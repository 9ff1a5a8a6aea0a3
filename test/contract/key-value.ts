/** The laws of shared/keyvalue/port.ts, for every adapter. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { ManualClock } from '../../shared/clock.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { filesHolding } from '../fixtures/live-folder.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'

export type OpenKeyValue = (options: { dir: string; clock: ManualClock }) => Promise<KeyValue>

type Check = (store: KeyValue, clock: ManualClock, reopen: () => Promise<KeyValue>, filesDir: string) => Promise<void>
type Law = (title: string, check: Check) => void

const text = (value: string) => Buffer.from(value)

async function scanned(store: KeyValue, prefix: string): Promise<[string, string][]> {
  const found: [string, string][] = []
  for await (const [key, value] of store.scan(prefix)) found.push([key, value.toString()])
  return found
}

/** @param filesOf where the files are of the store opened with `dir`, when a server has them elsewhere */
export function keyValueContract(name: string, open: OpenKeyValue, filesOf = (dir: string): string => dir): void {
  const law: Law = (title, check) =>
    it(title, () =>
      withTemporaryDirectory(async (dir) => {
        const clock = new ManualClock('2026-11-23T10:00:00Z')
        let store = await open({ dir, clock })
        const reopen = async () => {
          await store.close()
          store = await open({ dir, clock })
          return store
        }
        try {
          await check(store, clock, reopen, filesOf(dir))
        } finally {
          await store.close()
        }
      }),
    )

  describe(`key-value contract: ${name}`, () => {
    law('a value is what was put last, until it is deleted, over a reopen', async (store, _, reopen) => {
      assert.equal(await store.get('a'), undefined)
      await store.put('a', text('1'))
      await store.put('a', text('2'))
      await store.put('empty', text(''))
      const again = await reopen()
      assert.deepEqual(await again.get('a'), text('2'))
      assert.deepEqual(await again.get('empty'), text(''))
      await again.delete('a')
      await again.delete('never there')
      assert.equal(await again.get('a'), undefined)
    })

    law('keys of 512 bytes and values of 16 MiB fit, more is refused', async (store) => {
      const key = 'é'.repeat(256)
      const value = randomBytes(16 * 1024 * 1024)
      await store.put(key, value)
      assert.ok((await store.get(key))?.equals(value))
      await assert.rejects(store.put(`${key}x`, text('')), RangeError)
      await assert.rejects(store.put('', text('')), RangeError)
      await assert.rejects(store.put('large', Buffer.alloc(value.length + 1)), RangeError)
    })

    law(
      'a value is gone at its expiry by the clock, also over a reopen, and a sweep removes just what is due',
      async (store, clock, reopen) => {
        await store.put('short', text('s'), { ttlMs: 1000 })
        await store.put('long', text('l'), { ttlMs: 5000 })
        await store.put('renewed', text('old'), { ttlMs: 1000 })
        await store.put('renewed', text('new'))
        await store.put('kept', text('k'))
        clock.advance(999)
        assert.deepEqual(await store.get('short'), text('s'))
        assert.equal(await store.sweep(), 0)
        clock.advance(1)
        assert.equal(await store.get('short'), undefined)
        const again = await reopen()
        assert.equal(await again.get('short'), undefined)
        assert.deepEqual(
          (await scanned(again, '')).map(([key]) => key),
          ['kept', 'long', 'renewed'],
        )
        assert.equal(await again.putIfAbsent('short', text('again'), { ttlMs: 100 }), true)
        assert.equal(await again.sweep(), 0)
        clock.advance(100)
        assert.equal(await again.sweep(), 1)
        assert.deepEqual(await again.get('renewed'), text('new'))
        clock.advance(10_000)
        assert.equal(await again.sweep(), 1)
      },
    )

    law('of 100 concurrent putIfAbsent one writes, and every one sees its value', async (store) => {
      const wrote = await Promise.all(
        Array.from({ length: 100 }, (_, index) => store.putIfAbsent('once', text(`${index}`))),
      )
      assert.equal(wrote.filter(Boolean).length, 1)
      assert.deepEqual(await store.get('once'), text(`${wrote.indexOf(true)}`))
    })

    law('compareAndSet writes only over what was expected: 100 concurrent increments add up to 100', async (store) => {
      assert.equal(await store.compareAndSet('n', text('1'), text('2')), false)
      assert.equal(await store.compareAndSet('n', undefined, text('0')), true)
      assert.equal(await store.compareAndSet('n', undefined, text('0')), false)
      const increment = async (): Promise<void> => {
        const now = (await store.get('n')) as Buffer
        if (!(await store.compareAndSet('n', now, text(`${Number(now) + 1}`)))) await increment()
      }
      await Promise.all(Array.from({ length: 100 }, increment))
      assert.deepEqual(await store.get('n'), text('100'))
    })

    law('a scan gives the entries of a prefix in byte order of their keys', async (store) => {
      const keys = ['a', 'p/', 'p/10', 'p/2', 'p/A', 'p/a', 'p/é', 'p/\u{1F600}', 'p/\uFFFD', 'p0', 'q']
      for (const key of [...keys].reverse()) await store.put(key, text(key))
      const wanted = keys.filter((key) => key.startsWith('p/')).sort((a, b) => Buffer.compare(text(a), text(b)))
      assert.deepEqual(
        await scanned(store, 'p/'),
        wanted.map((key) => [key, key]),
      )
      assert.equal((await scanned(store, '')).length, keys.length)
      assert.deepEqual(await scanned(store, 'p/a/'), [])
    })

    law('a scan of the first keys gives no later one', async (store) => {
      for (const key of ['a', 'p/1', 'p/2', 'p/3', 'q']) await store.put(key, text(key))
      const first = async (keysMax: number) => {
        const found: string[] = []
        for await (const [key] of store.scan('p/', keysMax)) found.push(key)
        return found
      }
      assert.deepEqual(await first(2), ['p/1', 'p/2'])
      assert.deepEqual(await first(4), ['p/1', 'p/2', 'p/3'])
    })

    law(
      'a scan under way sees no later key, and of what changes meanwhile the old state or a new one',
      async (store) => {
        const keys = Array.from({ length: 30 }, (_, index) => `p/${String(index).padStart(2, '0')}`)
        const old = Buffer.alloc(1024 * 1024, 'o')
        for (const key of keys) await store.put(key, old)
        const seen: string[] = []
        for await (const [key, value] of store.scan('p/')) {
          seen.push(key)
          await store.put(`${key}+`, text('later'))
          if (key !== 'p/00') {
            const isNew = key === 'p/28' && value.equals(text('new'))
            assert.ok(isNew || value.equals(old))
            continue
          }
          await store.delete('p/27')
          await store.put('p/28', text('new'))
          await store.delete('p/29')
          await store.put('p/29', old)
        }
        assert.deepEqual(
          seen.filter((key) => key !== 'p/27'),
          keys.filter((key) => key !== 'p/27'),
        )
      },
    )

    secretLaws(law)
  })
}

function secretLaws(law: Law): void {
  const name = 'epoch/day:2026-11-23/../Ünter'

  law(
    'of concurrent createOnce calls one makes the secret and all get it, over a reopen',
    async (store, clock, reopen) => {
      let made = 0
      const given = await Promise.all(
        Array.from({ length: 20 }, () =>
          store.secrets.createOnce(name, () => {
            made++
            return randomBytes(32)
          }),
        ),
      )
      assert.ok(made >= 1)
      for (const secret of given) assert.deepEqual(secret, given[0])
      assert.deepEqual(await store.secrets.read(name), given[0])
      assert.deepEqual(await store.secrets.list(), [{ name, createdAt: clock.now() }])
      clock.advance(1000)
      const again = await reopen()
      assert.deepEqual(await again.secrets.createOnce(name, () => randomBytes(32)), given[0])
      assert.deepEqual(await again.secrets.list(), [{ name, createdAt: clock.now() - 1000 }])
    },
  )

  law(
    'a destroyed secret’s bytes are in no file, and its name is refused for ever',
    async (store, _, reopen, filesDir) => {
      const kept = (await store.secrets.createOnce('kept', () => randomBytes(32))) as Buffer
      const secret = (await store.secrets.createOnce(name, () => randomBytes(32))) as Buffer
      assert.notDeepEqual(await filesHolding(filesDir, secret), [])
      await store.secrets.destroy(name)
      await store.secrets.destroy(name)
      assert.deepEqual(await filesHolding(filesDir, secret), [])
      assert.notDeepEqual(await filesHolding(filesDir, kept), [])
      const isGone = async (each: KeyValue) => {
        assert.equal(await each.secrets.isDestroyed(name), true)
        assert.equal(await each.secrets.isDestroyed('kept'), false)
        assert.equal(await each.secrets.read(name), undefined)
        assert.equal(await each.secrets.createOnce(name, () => assert.fail('made again')), undefined)
        assert.deepEqual(
          (await each.secrets.list()).map((listed) => listed.name),
          ['kept'],
        )
      }
      await isGone(store)
      await isGone(await reopen())
    },
  )

  law('a name can be destroyed before it was ever made', async (store) => {
    await store.secrets.destroy('never made')
    assert.equal(await store.secrets.createOnce('never made', () => randomBytes(32)), undefined)
  })

  law('createOnce against destroy at the same time leaves no secret behind', async (store) => {
    for (let round = 0; round < 30; round++) {
      const racing = `race-${round}`
      await Promise.all([store.secrets.createOnce(racing, () => randomBytes(32)), store.secrets.destroy(racing)])
      assert.equal(await store.secrets.read(racing), undefined)
    }
    assert.deepEqual(await store.secrets.list(), [])
  })
}
