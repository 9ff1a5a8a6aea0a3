/** Of two restores into the same servers one runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whileAlone } from '../../../services/transfer/restore-alone.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { MemoryKeyValue } from '../../doubles/memory-key-value.ts'

const open = () => {
  const clock = new ManualClock('2026-12-01T12:00:00Z')
  return { clock, keyValue: new MemoryKeyValue(clock) }
}

test('a second one is refused while the first runs, and may run after it', async () => {
  const tools = open()
  await whileAlone(tools, async (stillAlone) => {
    await assert.rejects(
      whileAlone(tools, async () => undefined),
      /another restore into the same servers runs/,
    )
    await stillAlone()
  })
  assert.equal(await whileAlone(tools, async () => 'ran'), 'ran')
})

test('one that was stopped for longer than its lease finds out before it calls itself done', async () => {
  const tools = open()
  await whileAlone(tools, async (stillAlone) => {
    tools.clock.advance(61_000)
    await whileAlone(tools, async () => {
      await assert.rejects(stillAlone(), /another restore into the same servers runs/)
    })
  })
})

test('of one that was killed the lease ends after a minute', async () => {
  const tools = open()
  void whileAlone(tools, () => new Promise(() => undefined))
  await assert.rejects(
    whileAlone(tools, async () => undefined),
    /or was stopped less than a minute ago/,
  )
  tools.clock.advance(61_000)
  await whileAlone(tools, async () => undefined)
})
