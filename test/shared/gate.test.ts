import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Gate } from '../../shared/gate.ts'

test('many share it, one alone waits for them and keeps later ones out', async () => {
  const gate = new Gate()
  const order: string[] = []
  const hold = (name: string, ms: number) => async () => {
    order.push(`${name} in`)
    await sleep(ms)
    order.push(`${name} out`)
  }
  const first = gate.shared(hold('a', 30))
  const second = gate.shared(hold('b', 10))
  await sleep(5)
  const alone = gate.exclusive(hold('alone', 10))
  const later = gate.shared(hold('c', 1))
  await Promise.all([first, second, alone, later])
  assert.deepEqual(order, ['a in', 'b in', 'b out', 'a out', 'alone in', 'alone out', 'c in', 'c out'])
})

test('who fails lets the others in', async () => {
  const gate = new Gate()
  await assert.rejects(
    gate.exclusive(() => Promise.reject(new Error('no'))),
    /no/,
  )
  await assert.rejects(
    gate.shared(() => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(await gate.exclusive(async () => 'in'), 'in')
})
