import assert from 'node:assert/strict'
import { test } from 'node:test'
import { event, startCollector, writeKey } from '../services/collector/running-collector.ts'
import { type Fault, faults, type Plan, type UnreliableProxy, unreliableProxy } from './unreliable-proxy.ts'

const send = (proxy: UnreliableProxy, id = 'e1'): Promise<Response> =>
  fetch(`${proxy.url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${writeKey}` },
    body: JSON.stringify({ events: [{ ...event, id }] }),
  })
const always = (kinds: readonly Fault[], more: Partial<Plan> = {}): Plan => ({
  seed: 1,
  kinds,
  share: 1,
  inARowMax: 1,
  ...more,
})

test('each fault is what it says: only after `dropped-after` has the collector taken what the sender must send again', async () => {
  await using running = await startCollector()
  const fates: [Fault, number | 'dropped', number][] = [
    ['too-many', 429, 0],
    ['unavailable', 503, 0],
    ['dropped-before', 'dropped', 0],
    ['dropped-after', 'dropped', 1],
  ]
  for (const [fault, expected, taken] of fates) {
    const before = running.log.appends
    const proxy = await unreliableProxy(running.url, always([fault]))
    const first = await send(proxy).catch(() => 'dropped' as const)
    assert.equal(first === 'dropped' ? first : first.status, expected, fault)
    if (first !== 'dropped') assert.equal(first.headers.get('retry-after'), '1')
    assert.equal(running.log.appends - before, taken, fault)
    const second = await send(proxy)
    assert.deepEqual([second.status, await second.json()], [200, { accepted: 1, rejected: [] }], fault)
    assert.deepEqual(
      proxy.seen.map(({ fate }) => fate),
      [fault, 'passed'],
    )
    await proxy.close()
  }
})

test('the same seed gives the same fates, all of them come, never more in a row than the plan says, and none once healed', async () => {
  await using running = await startCollector()
  const run = async (seed: number): Promise<string[]> => {
    const proxy = await unreliableProxy(running.url, { seed, share: 0.7 })
    for (let index = 0; index < 80; index++) await send(proxy, `e${index}`).catch(() => undefined)
    const fates = proxy.seen.map(({ fate }) => fate)
    proxy.heal()
    for (let index = 0; index < 5; index++) assert.equal((await send(proxy)).status, 200)
    await proxy.close()
    return fates
  }
  const fates = await run(7)
  assert.deepEqual(await run(7), fates)
  assert.notDeepEqual(await run(8), fates)
  for (const fault of faults) assert.ok(fates.includes(fault), fault)
  assert.equal(longestRow(fates), 2, `${longestRow(fates)} faults in a row`)
})

function longestRow(fates: readonly string[]): number {
  let row = 0
  return fates.reduce((longest, fate) => {
    row = fate === 'passed' ? 0 : row + 1
    return Math.max(longest, row)
  }, 0)
}
