/** Before a key is destroyed unsealed there is an alarm: a metric for each kind of epoch, and a line in the log, once. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { KeyDeadlines } from '../../../services/worker/key-deadlines.ts'
import { createLogger } from '../../../shared/logger.ts'
import { createMetrics, type Metrics } from '../../../shared/metrics.ts'
import { WarehouseUnavailableError } from '../../../shared/warehouse/port.ts'
import { hourMs, minuteMs } from '../../../shared/window.ts'
import { until } from '../../fixtures/until.ts'
import { WholeInstallation } from '../../privacy/whole-installation.ts'

const now = Date.parse('2026-11-23T11:00:00Z')
const epoch = (name: `${'day' | 'week' | 'month'}:${string}`, hoursLeft: number) => ({
  name,
  createdAt: 0,
  closesAt: 0,
  deadline: now + hoursLeft * hourMs,
})

const calls: readonly (string | symbol)[] = ['insert', 'select', 'command', 'tableBytes']
const tellsRaw = async ({ retentionOverdueSeconds }: Metrics) =>
  (await retentionOverdueSeconds.get()).values.some(({ labels }) => labels.kind === 'raw-records')

function open() {
  const lines: string[] = []
  const metrics = createMetrics(false)
  const logger = createLogger({ logLevel: 'info' }, { write: (line: string) => void lines.push(line) })
  const measured = async () => {
    const { values } = await metrics.epochKeyDeadlineSeconds.get()
    return Object.fromEntries(values.map(({ labels, value }) => [labels.kind, value / 3600]))
  }
  return { deadlines: new KeyDeadlines(metrics, logger), lines, measured }
}

it('tells the nearest deadline of each kind of epoch that lives', async () => {
  const { deadlines, lines, measured } = open()
  deadlines.look([epoch('day:2026-11-20', 13), epoch('day:2026-11-21', 37), epoch('month:2026-11-01', 200)], now)
  assert.deepEqual(await measured(), { day: 13, month: 200 })
  deadlines.look([epoch('month:2026-11-01', 200)], now)
  assert.deepEqual(await measured(), { month: 200 })
  deadlines.forget()
  assert.deepEqual(await measured(), {})
  assert.deepEqual(lines, [])
})

it('warns twelve hours before, once for each epoch, and of one that comes near again', () => {
  const { deadlines, lines } = open()
  deadlines.look([epoch('day:2026-11-20', 12.01)], now)
  assert.equal(lines.length, 0)
  for (let times = 0; times < 3; times++) deadlines.look([epoch('day:2026-11-20', 12)], now)
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /"epoch":"day:2026-11-20","deadline":"2026-11-23T23:00:00\.000Z"/)
  deadlines.look([epoch('day:2026-11-20', 1), epoch('week:2026-11-16', 11)], now)
  assert.equal(lines.length, 2)
  // A new import has put it off, and its time has come again.
  deadlines.look([epoch('day:2026-11-20', 72)], now)
  deadlines.look([epoch('day:2026-11-20', 3)], now)
  assert.equal(lines.length, 3)
})

it('a worker without a warehouse warns and measures before it destroys the key; one that has it does neither', async () => {
  let isAway = false
  const world = await WholeInstallation.start(({ warehouse, ...engines }) => ({
    ...engines,
    warehouse: new Proxy(warehouse, {
      get(target, name) {
        if (isAway && calls.includes(name)) return () => Promise.reject(new WarehouseUnavailableError('switched off'))
        const value = Reflect.get(target, name, target) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      },
    }),
  }))
  try {
    const { collectorUrl, credentials, catalogue, worker, metrics } = world.headcount
    const warned = () => world.lines.filter((line) => line.includes('is destroyed at its deadline even if'))
    const send = async (id: string) => {
      const event = { id, time: new Date(world.clock.now()).toISOString(), feature: catalogue.features[0]?.id }
      const { status } = await fetch(`${collectorUrl}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${credentials.writeKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ events: [{ ...event, device: 'd' }] }),
      })
      assert.equal(status, 200)
    }
    const deadlineOf = async (kind: string) =>
      (await metrics.epochKeyDeadlineSeconds.get()).values.find(({ labels }) => labels.kind === kind)?.value
    await send('counted')
    await world.settle()
    world.clock.advance(minuteMs)
    await worker.maintain()
    assert.equal(await tellsRaw(metrics), true)
    assert.ok(Number(await deadlineOf('day')) > 83 * 3600)
    assert.deepEqual(warned(), [])
    isAway = true
    await send('stuck')
    await until(() => world.lines.some((line) => line.includes('switched off')))
    // Friday's key goes at the end of Monday, whatever happens.
    world.clock.set('2026-11-23T13:00:00Z')
    // It fails, here or in the turn that comes by itself each second.
    await worker.maintain().catch(() => undefined)
    assert.equal(await deadlineOf('day'), 11 * 3600)
    assert.equal(warned().length, 1)
    assert.match(warned()[0] ?? '', /"epoch":"day:2026-11-20"/)
    assert.equal(await tellsRaw(metrics), false, 'what is not known is not told')
  } finally {
    isAway = false
    await world.remove()
  }
})
