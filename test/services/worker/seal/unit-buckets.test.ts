import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import path from 'node:path'
import { describe, it } from 'node:test'
import { encodeHashed, hashBytes } from '../../../../services/worker/seal/hashed-record.ts'
import { UnitBuckets } from '../../../../services/worker/seal/unit-buckets.ts'
import { withTemporaryDirectory } from '../../../fixtures/temporary-directory.ts'

const unitNamed = (name: string) => createHash('sha256').update(name).digest().subarray(0, hashBytes).toString('latin1')

function recordOf(unit: string, events: number) {
  const shapes = ['[[0,["é"],[1]]]', '[]']
  return encodeHashed({
    unit,
    from: events,
    shapes,
    kinds: Array.from({ length: events }, (_, at) => at % 2),
    ids: randomBytes(events * hashBytes),
  })
}

async function readAll(buckets: UnitBuckets) {
  const found: { unit: string; bucket: number; raw: string }[] = []
  let bucket = 0
  for await (const { records } of buckets.read()) {
    for await (const { unit, raw } of records) found.push({ unit, bucket, raw: Buffer.from(raw).toString('base64') })
    bucket++
  }
  return found
}

describe('buckets by unit', () => {
  it('gives every record once and whole, all of a unit in one bucket', () =>
    withTemporaryDirectory(async (dir) => {
      const buckets = await UnitBuckets.begin(path.join(dir, 'buckets'))
      const written: string[] = []
      for (let index = 0; index < 3000; index++) {
        const record = recordOf(unitNamed(`unit ${index % 700}`), index % 5)
        written.push(record.toString('base64'))
        await buckets.add(record)
      }
      const found = await readAll(buckets)
      assert.deepEqual(found.map(({ raw }) => raw).sort(), written.sort())
      const bucketOf = new Map<string, number>()
      for (const { unit, bucket } of found)
        assert.equal(bucketOf.get(unit) ?? bucket, bucketOf.set(unit, bucket).get(unit))
      assert.equal(bucketOf.size, 700)
      assert.ok(new Set(bucketOf.values()).size > 30)
    }))

  it('divides a bucket that has become too large, and still gives every record once', () =>
    withTemporaryDirectory(async (dir) => {
      const buckets = await UnitBuckets.begin(path.join(dir, 'buckets'))
      // All in one bucket at first: units whose hash begins with the same byte.
      const units = Array.from({ length: 40 }, () => String.fromCharCode(7) + randomBytes(15).toString('latin1'))
      for (let index = 0; index < 160; index++) await buckets.add(recordOf(units[index % 40] as string, 20_000))
      const found = await readAll(buckets)
      assert.equal(found.length, 160)
      assert.equal(new Set(found.map(({ raw }) => raw)).size, 160)
      assert.ok(new Set(found.map(({ bucket }) => bucket)).size > 5, 'it was divided')
    }))

  it('gives the buckets of some units once more, divided or not, and none for units that it does not have', () =>
    withTemporaryDirectory(async (dir) => {
      const buckets = await UnitBuckets.begin(path.join(dir, 'buckets'))
      const crowded = Array.from({ length: 40 }, () => String.fromCharCode(7) + randomBytes(15).toString('latin1'))
      const alone = String.fromCharCode(9) + randomBytes(15).toString('latin1')
      for (let index = 0; index < 160; index++) await buckets.add(recordOf(crowded[index % 40] as string, 20_000))
      await buckets.add(recordOf(alone, 3))
      await readAll(buckets)
      const again = async (units: string[]) => {
        const found: [unit: string, from: number][] = []
        for (const records of buckets.again(units))
          for await (const { unit, from } of records()) found.push([unit, from])
        return found
      }
      assert.deepEqual(await again([alone, alone]), [[alone, 3]])
      assert.deepEqual(await again([String.fromCharCode(11) + alone.slice(1)]), [])
      const ofOne = await again([crowded[0] as string])
      assert.equal(ofOne.filter(([unit]) => unit === crowded[0]).length, 4)
      assert.ok(ofOne.length < 160, 'its own part of the crowded bucket')
      assert.equal((await again([...crowded, alone])).length, 161)
    }))
})
