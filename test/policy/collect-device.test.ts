/**
 * collect-device: "device identification". An identifier is taken, counted under a pseudonym that has a key for each day,
 * week and month, and is kept nowhere but in the raw log, and there no longer than 72 + 2 hours.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../fixtures/until.ts'
import { makeWordCanary, needlesOf } from '../privacy/canary.ts'
import { CanaryScene } from '../privacy/canary-scene.ts'

// Words, so that no guard against secrets stands in for what is tested here.
const device = makeWordCanary('device')
const cookie = makeWordCanary('cookie')
const cluster = makeWordCanary('cluster')

let scene: CanaryScene
before(async () => {
  scene = await CanaryScene.start([device, cookie, cluster].flatMap(needlesOf))
})
after(() => scene.remove())

/** Devices that the states of a grain tell apart, in the window of each day and in both together. */
async function devices(grain: string): Promise<string[]> {
  const merged = (when: string) => `toString(uniqCombined64MergeIf(17)(state, ${when}))`
  const [row] = await scene.world.headcount.engines.warehouse.select<Record<string, string>>(
    `SELECT ${merged("toDate(window) = '2026-11-20'")} AS first, ${merged("toDate(window) = '2026-11-21'")} AS second,
${merged('1')} AS both FROM cells WHERE dataset = 'feature_usage' AND grain = '${grain}' AND stage = 'open'`,
  )
  return [row?.first ?? '', row?.second ?? '', row?.both ?? '']
}

test('one device with many events is one device of its day, its week and its month', async () => {
  for (let sent = 0; sent < 3; sent++) {
    await scene.send({ device: device.value })
    await scene.send({ cookie: cookie.value })
  }
  await scene.send({ feature: 'mesos_track', cluster: cluster.value })
  await scene.world.settle()
  for (const grain of ['day', 'week', 'month']) assert.equal((await devices(grain))[2], '3', grain)
})

test('its identifier is in the raw log, and in no other file, row, log line or answer', async () => {
  assert.notDeepEqual(await scene.inRawLog(), [], 'the control: the look finds it where it is')
  assert.deepEqual([...(await scene.elsewhere()), ...(await scene.inAnswers())], [])
})

test('the pseudonyms of two days have nothing in common; those of a week do, for as long as the week', async () => {
  scene.world.clock.set('2026-11-21T12:00:30Z')
  await scene.send({ device: device.value })
  await scene.world.settle()
  assert.deepEqual(await devices('day'), ['3', '1', '4'], 'the same device is another one the day after')
  assert.equal((await devices('week'))[2], '3', 'the control: by the key of the week it is the same')
})

test('72 + 2 hours after it came its identifier is nowhere; the counts stay', async () => {
  await scene.passRetention('2026-11-24T14:00:30Z')
  assert.deepEqual([...(await scene.inRawLog()), ...(await scene.elsewhere())], [])
  const counts = () =>
    scene.world.headcount.engines.warehouse.select<{ devices: string }>(
      `SELECT toString(devices) AS devices FROM cells
WHERE dataset = 'feature_usage' AND grain = 'day' AND stage = 'final' AND by = '' ORDER BY window`,
    )
  await until(async () => {
    await scene.world.headcount.worker.maintain()
    return (await counts()).length === 2
  })
  assert.deepEqual(await counts(), [{ devices: '3' }, { devices: '1' }])
})

test('the control: an identifier that is left in a value and in a log line is found there', async () => {
  await scene.plant(device.value)
  const found = await scene.elsewhere()
  for (const place of ['key-value entry planted', 'a log line']) assert.ok(found.includes(place), found.join())
})
