import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { KeyedHash } from '../../shared/keyed-hash.ts'

test('HMAC-SHA256 as in RFC 4231, test cases 1, 2 and 6 (a key longer than a block)', () => {
  const cases: [key: Buffer, text: string, expected: string][] = [
    [Buffer.alloc(20, 0x0b), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      Buffer.from('Jefe'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      Buffer.alloc(131, 0xaa),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ]
  for (const [key, text, expected] of cases) assert.equal(new KeyedHash(key).digest(text).toString('hex'), expected)
})

test('equals node:crypto for texts of every length, non-ASCII ones too, one after the other', () => {
  const key = randomBytes(32)
  const keyed = new KeyedHash(key)
  for (let length = 0; length < 600; length += 7) {
    for (const text of ['x'.repeat(length), 'é漢🙂'.repeat(length)]) {
      assert.equal(keyed.digest(text).toString('hex'), createHmac('sha256', key).update(text).digest('hex'))
    }
  }
})
