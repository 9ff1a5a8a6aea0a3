import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { SeenIds } from '../../../services/worker/seen-ids.ts'
import { LookAhead } from '../../../services/worker/seen-ids-ahead.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'seen-ids-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let folders = 0
const scratch = () => path.join(folder, String(folders++))

const windowMs = 500
/** Small enough that a run of some hundred ids spills, merges and merges tiers. */
const memoryIdsMax = 8
/** Long logs shrink slowly: a failure is to be shown all the same. */
const bounded = { interruptAfterTimeLimit: 20_000 }
const idHash = (id: number) => hash('sha256', String(id), 'buffer')

interface Sighting {
  id: number
  place: number
  appendedAt: number
}

/** One set for the time of `use`. */
function withSeenIds<T>(use: (seen: SeenIds) => T, options: { windowMs?: number; memoryIdsMax?: number } = {}): T {
  const seen = SeenIds.open({ windowMs, memoryIdsMax, scratchDir: scratch(), ...options })
  try {
    return use(seen)
  } finally {
    seen.close()
  }
}

const ask = (seen: SeenIds, { id, place, appendedAt }: Sighting) => seen.isDuplicate(idHash(id), place, appendedAt)

/** What the set is to say about a log that is run once from front to back. */
function firstRun(log: readonly Sighting[], window = windowMs): boolean[] {
  const remembered = new Map<number, Sighting>()
  return log.map((one) => {
    const other = remembered.get(one.id)
    if (other && other.place < one.place && one.appendedAt - other.appendedAt < window) return true
    remembered.set(one.id, one)
    return false
  })
}

const aStep = fc.record({ id: fc.nat(150), gap: fc.integer({ min: 1, max: 9 }), laterMs: fc.nat(12) })

/** Sightings in the order of the log; appendedAt never falls. */
const aLog = fc.array(aStep, { minLength: 1, maxLength: 600, size: 'max' }).map((steps) => {
  let [place, appendedAt] = [-1, 0]
  return steps.map(({ id, gap, laterMs }): Sighting => {
    place += gap
    appendedAt += laterMs
    return { id, place, appendedAt }
  })
})

test('agrees with a plain map over a log, wherever it expires', () => {
  const property = fc.property(aLog, fc.array(fc.nat(600)), (log, expireAt) => {
    withSeenIds((seen) => {
      const verdicts = log.map((one, index) => {
        if (expireAt.includes(index)) seen.expire(one.appendedAt)
        return ask(seen, one)
      })
      assert.deepEqual(verdicts, firstRun(log))
    })
  })
  fc.assert(property, { numRuns: 150, ...bounded })
})

/** Asks about the ids as they stand in runs of so many. */
function askInRuns(seen: SeenIds, log: readonly Sighting[], lengths: readonly number[], run?: Uint8Array): boolean[] {
  const verdicts: boolean[] = []
  for (let turn = 0; verdicts.length < log.length; turn++) {
    const stretch = log.slice(verdicts.length, verdicts.length + (lengths[turn % lengths.length] ?? 1))
    const bytes = Buffer.concat(stretch.map(({ id }) => idHash(id).subarray(0, 16)))
    const hashes = run?.subarray(0, bytes.length) ?? new Uint8Array(bytes.length)
    hashes.set(bytes)
    const others = [0, 1].map(() => Uint8Array.from(bytes))
    for (const [index, { place, appendedAt }] of stretch.entries()) {
      // In turn with other runs, as those of the days before.
      const before = others.map((other) => seen.has(other, place, appendedAt, index * 16))
      const verdict = seen.isDuplicate(run ?? hashes, place, appendedAt, index * 16)
      assert.deepEqual(before, [verdict, verdict])
      verdicts.push(verdict)
    }
  }
  return verdicts
}

test('agrees with a plain map where ids are asked about in runs, of which the next ones are looked at ahead', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 })
  const property = fc.property(aLog, lengths, fc.nat(600), fc.boolean(), (log, lengths, from, isSame) => {
    withSeenIds((seen) => {
      const expected = firstRun(log)
      // The same bytes written over, as a caller may do, must not be taken for what they were.
      const run = isSame ? new Uint8Array(400 * 16) : undefined
      assert.deepEqual(askInRuns(seen, log, lengths, run), expected)
      assert.deepEqual(askInRuns(seen, log.slice(from), lengths, run), expected.slice(from))
    })
  })
  fc.assert(property, { numRuns: 300, ...bounded })
})

test('three runs that are asked about in turn are each looked at once, not anew for each id', (t) => {
  const look = t.mock.method(LookAhead.prototype, 'look')
  const ids = 1280
  const runs = ['day', 'day before', 'day before that'].map((key) =>
    Buffer.concat(Array.from({ length: ids }, (_, id) => hash('sha256', `${key} ${id}`, 'buffer').subarray(0, 16))),
  )
  withSeenIds(
    (seen) => {
      for (let id = 0; id < ids; id++)
        for (const [index, run] of runs.entries())
          assert.equal(index === 0 ? seen.isDuplicate(run, id, id, id * 16) : seen.has(run, id, id, id * 16), false)
    },
    { memoryIdsMax: 2 * ids },
  )
  // Ten of 128 ids for each run, and of each run that is not whole in between when a table is full.
  assert.ok(look.mock.callCount() <= 40, `${look.mock.callCount()} looks`)
})

test('agrees with a plain map when nothing ever leaves the window', () => {
  const property = fc.property(aLog, (log) => {
    const verdicts = withSeenIds((seen) => log.map((one) => ask(seen, one)), { windowMs: Number.POSITIVE_INFINITY })
    assert.deepEqual(verdicts, firstRun(log, Number.POSITIVE_INFINITY))
  })
  fc.assert(property, { numRuns: 100, ...bounded })
})

test('gives the verdicts of the first run whenever a stretch of the log is run again', () => {
  const aRerun = fc.record({ from: fc.nat(600), records: fc.nat(300) })
  const property = fc.property(aLog, fc.array(aRerun, { maxLength: 6 }), (log, reruns) => {
    const expected = firstRun(log)
    withSeenIds((seen) => {
      assert.deepEqual(
        log.map((one) => ask(seen, one)),
        expected,
      )
      for (const { from, records } of reruns) {
        const again = log.slice(from, from + records).map((one) => ask(seen, one))
        assert.deepEqual(again, expected.slice(from, from + records))
      }
    })
  })
  fc.assert(property, { numRuns: 150, ...bounded })
})

test('sightings in any order: a duplicate is what has one at a smaller place inside the window', () => {
  const aSighting = fc.record({ id: fc.nat(120), place: fc.nat(2000), appendedAt: fc.nat(3000) })
  const property = fc.property(fc.array(aSighting, { maxLength: 600, size: 'max' }), (sightings) => {
    const remembered: Sighting[] = []
    withSeenIds((seen) => {
      for (const one of sightings) {
        const same = remembered.filter(({ id }) => id === one.id)
        const expected = same.some((o) => o.place < one.place && one.appendedAt - o.appendedAt < windowMs)
        assert.equal(seen.has(idHash(one.id), one.place, one.appendedAt), expected)
        // A place of the log holds one event, appended once.
        if (!expected && same.some(({ place }) => place === one.place)) continue
        assert.equal(ask(seen, one), expected)
        if (!expected) remembered.push(one)
      }
      assert.equal(seen.size, remembered.length)
    })
  })
  fc.assert(property, { numRuns: 100, ...bounded })
})

test('a sighting exactly windowMs after the remembered one is a new event, and is the one remembered then', () => {
  for (const spilt of [0, 40]) {
    withSeenIds((seen) => {
      const spill = (from: number) => {
        for (let n = 0; n < spilt; n++) ask(seen, { id: from + n, place: from + n, appendedAt: 1000 })
      }
      const at = (place: number, appendedAt: number) => seen.isDuplicate(idHash(7), place, appendedAt)
      assert.equal(at(1, 1000), false)
      spill(100)
      assert.equal(at(1001, 1000 + windowMs - 1), true)
      assert.equal(at(1002, 1000 + windowMs), false)
      spill(200)
      assert.equal(at(1003, 1000 + 2 * windowMs - 1), true)
      assert.equal(at(1004, 1000 + 2 * windowMs), false)
    })
  }
})

test('the same place, a smaller place and the first place of all are no duplicates', () => {
  for (const place of [0, 2 ** 53 - 2]) {
    withSeenIds((seen) => {
      assert.equal(seen.isDuplicate(idHash(1), place, 0), false)
      assert.equal(seen.isDuplicate(idHash(1), place, 0), false)
      assert.equal(seen.size, 1)
      assert.equal(seen.isDuplicate(idHash(1), place + 1, 0), true)
    })
  }
})

test('only the first 16 bytes are the id, and each of them counts, whatever their values', () => {
  // One leading word for all: nothing is uniform here, and every limit of the table is met.
  for (const leading of [0, 255]) {
    withSeenIds(
      (seen) => {
        for (let round = 0; round < 2; round++) {
          for (let n = 0; n < 400; n++) {
            const id = new Uint8Array(32).fill(leading, 0, 4)
            id[4 + (n % 12)] = 1 + Math.floor(n / 12)
            id[16 + (n % 16)] = n & 255
            assert.equal(seen.isDuplicate(id, 1000 * round + n, 0), round === 1)
          }
        }
      },
      { memoryIdsMax: 300 },
    )
  }
})

test('200,000 ids: each is new once and known ever after', () => {
  withSeenIds(
    (seen) => {
      const ids = 200_000
      let [known, unknown] = [0, 0]
      for (let id = 0; id < ids; id++) if (ask(seen, { id, place: id, appendedAt: id })) known++
      assert.equal(known, 0)
      assert.equal(seen.size, ids)
      for (let id = 0; id < ids; id++) if (!ask(seen, { id, place: ids + id, appendedAt: ids })) unknown++
      assert.equal(unknown, 0)
      assert.ok(seen.segments <= 16, `${seen.segments} segments`)
    },
    { windowMs: Number.POSITIVE_INFINITY, memoryIdsMax: 1000 },
  )
})

test('forgets what has left the window, and only that', () => {
  const scratchDir = scratch()
  const seen = SeenIds.open({ windowMs, memoryIdsMax, scratchDir })
  const idsPerMs = 10
  for (let ms = 0; ms < 1500; ms++) {
    seen.expire(ms)
    // After expiring, so that a merge has the chance to drop too much.
    for (let id = ms * idsPerMs; id < (ms + 1) * idsPerMs; id++) ask(seen, { id, place: id, appendedAt: ms })
    for (let back = 0; back < idsPerMs && ms >= windowMs; back++) {
      const newestGone = (ms - windowMs) * idsPerMs + back
      assert.equal(seen.has(idHash(newestGone), 100_000, ms), false)
      assert.equal(seen.has(idHash(newestGone + idsPerMs), 100_000, ms), true)
    }
  }
  const inWindow = windowMs * idsPerMs
  assert.ok(seen.size >= inWindow && seen.size < 2.5 * inWindow, `${seen.size} remembered`)
  for (let id = 100_000; id < 100_000 + inWindow; id++) {
    seen.expire(10_000)
    ask(seen, { id, place: id, appendedAt: 10_000 })
  }
  assert.ok(seen.size < inWindow + 2 * memoryIdsMax, `${seen.size} remembered`)
  seen.close()
})

test('scratch files lie in the folder while it is open and are gone once it is closed', () => {
  const scratchDir = scratch()
  mkdirSync(scratchDir)
  writeFileSync(path.join(scratchDir, '0.segment'), 'left by a worker that was killed')
  writeFileSync(path.join(scratchDir, '99.segment'), 'and another')
  // At whatever stage spills and merges are.
  for (let ids = 0; ids < 100; ids++) {
    const seen = SeenIds.open({ windowMs, memoryIdsMax, scratchDir })
    assert.deepEqual(readdirSync(scratchDir), [])
    for (let id = 0; id < ids; id++) ask(seen, { id, place: id, appendedAt: 0 })
    assert.equal(readdirSync(scratchDir).length > 0, ids > memoryIdsMax / 2)
    seen.close()
    assert.equal(existsSync(scratchDir), false)
    seen.close()
  }
})
