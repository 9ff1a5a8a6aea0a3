import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { choiceKeyFrom, createSubjectHash } from '../../../shared/choices/subject.ts'

test('a subject is the first 16 bytes of HMAC-SHA256 over kind and identifier, whatever text that is', () => {
  const key = choiceKeyFrom('a secret')
  const subjectOf = createSubjectHash(key)
  for (const id of ['', 'device-1', 'é\0\n', '\ud800', '漢'.repeat(500), 'x'.repeat(3000)])
    for (const kind of ['device', 'cookie', 'cluster'] as const)
      assert.equal(subjectOf(kind, id), createHmac('sha256', key).update(`${kind}\0${id}`).digest('hex').slice(0, 32))
})
