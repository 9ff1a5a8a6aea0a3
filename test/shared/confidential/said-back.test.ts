import assert from 'node:assert/strict'
import { test } from 'node:test'
import { saidBack } from '../../../shared/confidential/said-back.ts'

test('a harmless word is quoted as it is, cut to its length, without what would break the line', () => {
  assert.equal(saidBack('colour'), '"colour"')
  assert.equal(saidBack('a name that is longer than can be said', 12), '"a name that "')
  assert.equal(saidBack('two\nlines"<b>\u202e, naïve'), '"two?lines??b??? na?ve"')
})

test('what looks confidential is its kind, also where the cut would have hidden what it is', () => {
  assert.equal(saidBack('jane@example.org'), '"(email)"')
  assert.equal(saidBack('a long enough note of jane@example.org', 24), '"(email)"')
  assert.equal(saidBack('x '.repeat(5000)), '"(long)"')
})
