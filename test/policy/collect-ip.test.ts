/**
 * collect-ip: "we receive your IP address". It is taken from the connection, becomes a country and a pseudonym, and is kept
 * nowhere but in the raw log, and there no longer than 72 + 2 hours.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { makeAddressCanary, makeCanary, needlesOf, pairNeedles } from '../privacy/canary.ts'
import { writeCountryDatabase } from '../privacy/canary-country-database.ts'
import { CanaryScene } from '../privacy/canary-scene.ts'

const addresses = [makeAddressCanary('address', 4), makeAddressCanary('long address', 6)]
const claimed = makeAddressCanary('claimed address', 4)
const agent = makeCanary('user agent', (core) => `agent/1.0 (${core})`)
const needles = addresses.flatMap((one) => [...needlesOf(one), ...pairNeedles(one, agent)])

let dir: string
let scene: CanaryScene
before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-countries-'))
  const database = path.join(dir, 'countries.mmdb')
  await writeCountryDatabase(database, '198.19', 'CH')
  const settings = { HEADCOUNT_GEOIP_MMDB: database, HEADCOUNT_TRUSTED_PROXIES: '' }
  scene = await CanaryScene.start([...needles, ...needlesOf(claimed)], settings)
})
after(async () => {
  await scene.remove()
  await rm(dir, { recursive: true, force: true })
})

const from = (address: string) => ({ 'x-forwarded-for': address, 'user-agent': agent.value })

async function countries(): Promise<[string, string, string][]> {
  const rows = await scene.world.headcount.engines.warehouse.select<{ d_country: string; events: string; n: string }>(
    `SELECT d_country, toString(sum(events)) AS events, toString(uniqCombined64Merge(17)(state)) AS n
FROM cells WHERE dataset = 'geography' AND grain = 'day' AND stage = 'open' GROUP BY d_country ORDER BY d_country`,
  )
  return rows.map(({ d_country, events, n }) => [d_country, events, n])
}

test('an address that a sender claims, with no trusted proxy in front of it, is not even looked at', async () => {
  await scene.send({}, from(claimed.value))
  await scene.world.settle()
  assert.deepEqual([...(await scene.inRawLog()), ...(await scene.elsewhere())], [])
  assert.deepEqual(await countries(), [['(none)', '1', '1']], 'it was counted by the address of its connection')
})

test('the address of a sender counts it, becomes a country where there is a database, and is kept nowhere else', async () => {
  scene.world.settings.HEADCOUNT_TRUSTED_PROXIES = '127.0.0.1'
  await scene.world.restart()
  for (const { value } of [...addresses, ...addresses]) await scene.send({}, from(value))
  await scene.world.settle()
  assert.deepEqual(await countries(), [
    ['(none)', '3', '2'],
    ['CH', '2', '1'],
  ])
  assert.notDeepEqual(await scene.inRawLog(), [], 'the control: in the raw log it is, and is found')
  assert.deepEqual([...(await scene.elsewhere()), ...(await scene.inAnswers())], [])
})

test('72 + 2 hours after it came it is in no file, row or log line, the raw log included', async () => {
  scene.world.clock.set('2026-11-23T12:00:00Z')
  assert.notDeepEqual(await scene.inRawLog(), [], 'the control: until then the raw log has it')
  await scene.passRetention()
  assert.deepEqual([...(await scene.inRawLog()), ...(await scene.elsewhere())], [])
})

test('the control: an address that is left in a value and in a log line is found there', async () => {
  await scene.plant(`from ${addresses[1]?.value}`)
  const found = await scene.elsewhere()
  for (const place of ['key-value entry planted', 'a log line']) assert.ok(found.includes(place), found.join())
})
