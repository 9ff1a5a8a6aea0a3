import assert from 'node:assert/strict'
import { createCipheriv, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { IdFingerprints } from '../../../services/worker/id-fingerprint.ts'

const unit = { kind: 'device', id: 'd' } as const
const key = randomBytes(32)
const hex = (
  id: string,
  fingerprints = new IdFingerprints(key),
  of: { kind: 'device' | 'cookie'; id: string } = unit,
) => Buffer.from(fingerprints.of([{ unit: of, ids: [id] }])).toString('hex')

test('a UUID, a batch at a time, is AES(AES(uuid) ⊕ h(unit)), as put together from node:crypto by hand', () => {
  const uuid = randomUUID()
  const hmac = (text: string) => createHmac('sha256', key).update(text).digest().subarray(0, 16)
  const encrypt = (block: Buffer) =>
    createCipheriv('aes-128-ecb', hmac('ids\0cipher'), null).setAutoPadding(false).update(block)
  const once = encrypt(Buffer.from(uuid.replaceAll('-', ''), 'hex'))
  const bound = hmac('ids\0device\0d')
  const expected = encrypt(Buffer.from(once.map((byte, index) => byte ^ (bound[index] ?? 0))))
  assert.equal(hex(uuid), expected.toString('hex'))
})

test('ids alone and in any batch have the same fingerprint; others, other units and other keys have another', () => {
  const ids = Array.from({ length: 2000 }, (_, index) => (index % 2 ? randomUUID() : `id-${index}`))
  const all = Buffer.from(
    new IdFingerprints(key).of([
      { unit, ids: ids.slice(0, 700) },
      { unit, ids: ids.slice(700) },
    ]),
  )
  const each = ids.map((_, index) => all.subarray(index * 16, index * 16 + 16).toString('hex'))
  for (const index of [0, 1, 699, 700, 1999]) assert.equal(each[index], hex(ids[index] ?? ''))
  assert.equal(new Set(each).size, ids.length)
  const [first = ''] = ids
  assert.notEqual(hex(first, new IdFingerprints(randomBytes(32))), hex(first))
  assert.notEqual(hex(first, undefined, { kind: 'device', id: 'other' }), hex(first))
  assert.notEqual(hex(first, undefined, { kind: 'cookie', id: 'd' }), hex(first))
})

test('texts that only look like a UUID are ids of their own', () => {
  const uuid = randomUUID()
  const alike = [
    uuid,
    uuid.toUpperCase(),
    `{${uuid.slice(1, -1)}}`,
    `${uuid.slice(0, -1)}g`,
    `${uuid.slice(0, 8)}x${uuid.slice(9)}`,
    '',
  ]
  assert.equal(new Set(alike.map((id) => hex(id))).size, alike.length)
})
