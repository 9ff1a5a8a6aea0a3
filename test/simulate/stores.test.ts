/** The simulated stores by themselves: what they promise, and the weaknesses that they are there for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../services/command-line/demo-random.ts'
import { StaleAssignmentError } from '../../shared/eventlog/port.ts'
import type { InsertBlock } from '../../shared/warehouse/port.ts'
import { insertColumns } from '../../shared/warehouse/schema.ts'
import { Counts } from './counts.ts'
import { Life, ProcessGoneError } from './life.ts'
import { catalogue } from './requests.ts'
import { SimulatedLog } from './simulated-log.ts'
import { cellKey, SimulatedWarehouse } from './simulated-warehouse.ts'
import { VirtualTime } from './virtual-time.ts'

const columns = insertColumns(catalogue)

function block(token: string, hi: number, events: number): InsertBlock {
  const mark = `_mark\t\tmark\t\t0000000000\t0\tlog-1\t${hi}\t\t0\t0\t[]\t0\t0`
  const cell = `usage\thour\topen\t\t0000003600\t\t\t0\trequest-1\t${events}\t0\t[7,8]\t5\t1`
  return { table: 'cells', columns, lines: `${mark}\n${cell}\n`, rows: 2, token }
}

test('an insert is there once, whole, with its mark; its token refuses it afterwards', () => {
  const warehouse = new SimulatedWarehouse(new Counts())
  assert.deepEqual(warehouse.mark('0', 'log-1'), { hi: '0', rows: '0' })
  warehouse.insert(block('a', 4, 3), false)
  warehouse.insert(block('a', 9, 9), true)
  const cell = { events: 3, weight: 5, units: new Set(['7', '8']) }
  assert.deepEqual([...warehouse.cells], [[cellKey('hour', 3_600_000, 'request-1'), cell]])
  assert.deepEqual(warehouse.mark('0', 'log-1'), { hi: '4', rows: '1' })
  assert.deepEqual(warehouse.mark('0', 'log-2'), { hi: '0', rows: '0' })
  assert.deepEqual(warehouse.mark('0', undefined), { hi: '4', rows: '1' })
})

test('a torn insert leaves its token and no part, once for each block', () => {
  const warehouse = new SimulatedWarehouse(new Counts())
  warehouse.tear(block('a', 4, 3))
  warehouse.insert(block('a', 4, 3), false)
  assert.equal(warehouse.cells.size, 0)
  warehouse.tear(block('a/r1', 4, 3))
  warehouse.insert(block('a/r1', 4, 3), false)
  assert.equal(warehouse.cells.size, 1)
})

test('a log refuses who has been replaced, and keeps what was committed', () => {
  const log = newLog()
  log.append(0, Buffer.from('a'))
  const former = log.handOver(0)
  log.commit(0, 0, 'v1:1:x')
  assert.equal(log.isConsumed, false)
  const next = log.handOver(0)
  assert.throws(() => log.check(0, former), StaleAssignmentError)
  log.check(0, next)
  assert.deepEqual(log.committed(0), { position: 0, metadata: 'v1:1:x' })
  log.commit(0, 1, '')
  assert.equal(log.isConsumed, true)
})

test('a read that waits ends with an append, and with an error when the partition changes hands', async () => {
  const log = newLog()
  const epoch = log.handOver(0)
  const limit = { records: 10, bytes: 10, waitMs: 1e9 }
  const read = log.read(0, epoch, 0, limit)
  log.append(0, Buffer.from('a'))
  assert.deepEqual([(await read).records.length, (await read).end], [1, 1])
  const waiting = log.read(0, epoch, 1, limit)
  log.handOver(0)
  await assert.rejects(waiting, StaleAssignmentError)
})

test('events come in the order of their times, and a cancelled one not at all', async () => {
  const time = new VirtualTime(1000)
  const seen: [string, number][] = []
  const note = (name: string) => () => void seen.push([name, time.now()])
  for (const delayMs of [30, 10, 50, 20, 10]) time.after(delayMs, note(`${delayMs}`))
  time.after(40, note('cancelled'))()
  assert.equal(await time.run(() => false, 100), false)
  assert.deepEqual(seen, [
    ['10', 1010],
    ['10', 1010],
    ['20', 1020],
    ['30', 1030],
    ['50', 1050],
  ])
  time.jump(500)
  assert.deepEqual([time.now(), time.passedMs], [1550, 50])
})

test('a process that stands still is reached when it goes on, a dead one never', async () => {
  const time = new VirtualTime(0)
  const ended: string[] = []
  const life = new Life('one', time, ({ name }) => void ended.push(name))
  const reached: number[] = []
  life.freeze(100)
  life.reach(() => void reached.push(time.passedMs))
  await time.run(() => false, 10)
  assert.deepEqual(reached, [100])
  const waits = life.waitFor<string>(() => undefined)
  const timer = life.waitFor<string>(() => undefined, { value: 'over' })
  life.end()
  life.end()
  life.reach(() => assert.fail('it is dead'))
  await assert.rejects(waits, ProcessGoneError)
  assert.equal(await timer, 'over')
  assert.deepEqual(ended, ['one'])
})

function newLog(): SimulatedLog {
  return new SimulatedLog('log-1', 1, new VirtualTime(0), new Random(1), new Counts())
}
