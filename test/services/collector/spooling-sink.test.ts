import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUnitHash } from '../../../services/collector/partition.ts'
import { Spool } from '../../../services/collector/spool.ts'
import { SpoolingSink } from '../../../services/collector/spooling-sink.ts'
import { systemClock } from '../../../shared/clock.ts'
import { LogUnavailableError } from '../../../shared/eventlog/port.ts'
import { createLogger } from '../../../shared/logger.ts'
import { createMetrics } from '../../../shared/metrics.ts'
import { MemoryEventLog } from '../../doubles/memory-event-log.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { until } from '../../fixtures/until.ts'

const unitHash = createUnitHash('write-key-for-tests-0001')
const record = (id: string) => ({ unit: { kind: 'device' as const, id: `unit of ${id}` }, value: Buffer.from(id) })

interface World {
  log: MemoryEventLog
  dir: string
  /** Where the log is reachable at all. */
  connected: boolean
  open(bytesMax?: number): Promise<{ sink: SpoolingSink; spool: Spool }>
}

const withWorld = (check: (world: World) => Promise<void>) =>
  withTemporaryDirectory(async (dir) => {
    const log = new MemoryEventLog(systemClock, 4)
    const logger = createLogger({ logLevel: 'silent' })
    const sinks: SpoolingSink[] = []
    const world: World = {
      log,
      dir,
      connected: true,
      async open(bytesMax = 1e6) {
        const spool = await Spool.open({ dir, bytesMax, clock: systemClock, warn: assert.fail })
        const openLog = async () => {
          if (!world.connected) throw new LogUnavailableError('no broker answers')
          return new Proxy(log, {
            get: (target, name) => {
              if (name === 'close') return async () => undefined
              const value = Reflect.get(target, name, target)
              return typeof value === 'function' ? value.bind(target) : value
            },
          })
        }
        const sink = new SpoolingSink({ openLog, spool, unitHash, logger, metrics: createMetrics(false) })
        sinks.push(sink)
        return { sink, spool }
      },
    }
    try {
      await check(world)
    } finally {
      // Also after a failure: its retries would keep the process.
      for (const sink of sinks) await sink.close()
    }
  })

const inLog = (log: MemoryEventLog) => log.all().map(({ value }) => value.toString())
const sorted = (values: Iterable<string>) => [...values].sort()

test('with the log there, records go straight into it, a unit always into its partition', () =>
  withWorld(async ({ log, open }) => {
    const { sink, spool } = await open()
    await sink.append([record('first')])
    await until(() => inLog(log).includes('first'))
    await sink.append([record('a'), record('b'), record('a')])
    await until(() => inLog(log).length === 4 && spool.isEmpty)
    assert.deepEqual(sorted(inLog(log)), ['a', 'a', 'b', 'first'])
  }))

test('with the log away records are taken all the same, and arrive in order when it is back', () =>
  withWorld(async ({ log, open }) => {
    const { sink, spool } = await open()
    await sink.append([record('before')])
    await until(() => inLog(log).includes('before'))
    log.unavailable = true
    const ids = Array.from({ length: 50 }, (_, index) => `${index}`)
    // One unit: its records are in one partition, whose order can be seen.
    for (const id of ids) await sink.append([{ unit: { kind: 'device', id: 'one' }, value: Buffer.from(id) }])
    assert.ok(spool.bytes > 0)
    assert.equal(sink.readiness(), 'ok')
    log.unavailable = false
    await until(() => spool.isEmpty)
    assert.deepEqual(
      inLog(log).filter((id) => id !== 'before'),
      ids,
    )
  }))

test('a collector that starts with the log away takes records, and a later process drains them', () =>
  withWorld(async (world) => {
    world.connected = false
    const first = await world.open()
    await first.sink.append([record('a')])
    await first.sink.append([record('b')])
    await first.sink.close()
    assert.deepEqual(inLog(world.log), [])
    world.connected = true
    const second = await world.open()
    await until(() => second.spool.isEmpty)
    assert.deepEqual(sorted(inLog(world.log)), ['a', 'b'])
  }))

test('only a full spool refuses, and readiness says so', () =>
  withWorld(async (world) => {
    world.connected = false
    const { sink } = await world.open(1000)
    const large = { unit: { kind: 'device' as const, id: 'x' }, value: Buffer.alloc(900) }
    await sink.append([large])
    await assert.rejects(sink.append([large]), LogUnavailableError)
    assert.equal(sink.readiness(), 'ok')
    await sink.append([{ ...large, value: Buffer.alloc(92) }])
    assert.match(sink.readiness(), /the spool is full/)
  }))

test('under a log that comes and goes nothing acknowledged is missing', () =>
  withWorld(async ({ log, open }) => {
    const { sink, spool } = await open()
    const acknowledged = new Set<string>()
    const flicker = setInterval(() => {
      log.unavailable = !log.unavailable
    }, 7)
    const sender = async (name: string) => {
      for (let index = 0; index < 100; index++) {
        await sink.append([record(`${name}-${index}`)])
        acknowledged.add(`${name}-${index}`)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    await Promise.all(['x', 'y', 'z'].map(sender))
    clearInterval(flicker)
    log.unavailable = false
    await until(() => spool.isEmpty)
    assert.equal(acknowledged.size, 300)
    const found = new Set(inLog(log))
    assert.deepEqual(
      [...acknowledged].filter((id) => !found.has(id)),
      [],
    )
  }))

test('what is in the log can be read, but not while records wait in the spool, as they would be missing', () =>
  withWorld(async (world) => {
    world.connected = false
    const { sink } = await world.open()
    await sink.append([record('waits')])
    await assert.rejects(sink.history(), LogUnavailableError)
    world.connected = true
    await until(async () => (await sink.history().catch(() => [])).length === world.log.partitions)
    const histories = await sink.history()
    const bounds = await Promise.all(histories.map((history) => history.bounds()))
    assert.equal(
      bounds.reduce((sum, { start, end }) => sum + end - start, 0),
      1,
    )
  }))
