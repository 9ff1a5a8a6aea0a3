import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crc32c } from '@node-rs/crc32'
import fc from 'fast-check'
import { decodeBatches, encodeBatch } from '../../../shared/eventlog/kafka-batch.ts'

describe('a record batch of Kafka', () => {
  it('comes back as it went in, several in a row and the last one cut off', () => {
    const values = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 80 })
    fc.assert(
      fc.property(values, fc.nat(200), (bytes, cut) => {
        const batch = encodeBatch(
          bytes.map((value) => Buffer.from(value)),
          1000,
        )
        const second = Buffer.from(batch)
        second.writeBigInt64BE(5_000_000_000n, 0)
        const whole = decodeBatches(Buffer.concat([batch, second, batch.subarray(0, Math.min(cut, batch.length - 1))]))
        assert.equal(whole.next, 5_000_000_000 + bytes.length)
        assert.deepEqual(
          whole.records.map(({ position, value }) => [position, value.toString('hex')]),
          [0, 5_000_000_000].flatMap((base) =>
            bytes.map((value, index) => [base + index, Buffer.from(value).toString('hex')]),
          ),
        )
      }),
    )
  })

  it('has the append time of the broker where there is one, and the sender’s else', () => {
    const batch = encodeBatch([Buffer.from('a'), Buffer.from('b')], 1000)
    assert.deepEqual(
      decodeBatches(batch).records.map(({ appendedAt }) => appendedAt),
      [1000, 1000],
    )
    batch.writeInt16BE(0x08, 21)
    batch.writeBigInt64BE(2000n, 35)
    assert.deepEqual(
      decodeBatches(batch).records.map(({ appendedAt }) => appendedAt),
      [2000, 2000],
    )
  })

  it('passes over control records but counts their positions, and refuses what it cannot decompress', () => {
    const batch = encodeBatch([Buffer.from('a')], 1000)
    batch.writeInt16BE(0x20, 21)
    assert.deepEqual(decodeBatches(batch), { records: [], next: 1 })
    batch.writeInt16BE(4, 21)
    assert.throws(() => decodeBatches(batch), /compressed/)
  })

  it('has the CRC-32C of RFC 3720', () => {
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
    assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
    assert.equal(crc32c(Buffer.alloc(0)), 0)
  })
})
