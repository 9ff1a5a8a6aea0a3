import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PendingBytes } from '../../../services/collector/pending-bytes.ts'
import { ProblemError } from '../../../shared/http/problem.ts'

const gauge = {
  value: 0,
  set(value: number): void {
    this.value = value
  },
}

test('above the bound nothing more is taken, until something is released', () => {
  const pending = new PendingBytes(100, gauge)
  const first = pending.open()
  first.add(101)
  assert.throws(() => pending.open(), ProblemError)
  first.release()
  assert.equal(gauge.value, 0)
  pending.open().add(1)
})

test('a request alone may go past the bound, beside another that holds too much it may not', () => {
  const pending = new PendingBytes(100, gauge)
  const large = pending.open()
  const small = pending.open()
  large.add(90)
  large.add(90)
  assert.throws(() => small.add(1), { name: 'ProblemError' })
  large.release()
  large.release()
  small.add(1)
  assert.equal(gauge.value, 1)
})
