import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { chainEvents, emptyHead, entryHash, entryText, noHash, verifyStretch } from '../../../shared/ledger/chain.ts'
import { decodeHead, encodeHead } from '../../../shared/ledger/ledger-head.ts'
import { LedgerBrokenError, type LedgerEntry, type LedgerEvent } from '../../../shared/ledger/port.ts'

const at = '2026-11-24T10:00:00.000Z'
const begun: LedgerEvent = { kind: 'ledger.begun', id: 'a' }
const read = (partner: string): LedgerEvent => ({ kind: 'partner.read', what: 'list', partner })
const entries = chainEvents(emptyHead, at, [begun, read('p'), read('q'), read('r')])

describe('the chain', () => {
  it('hashes the canonical text, whatever the order of the keys', () => {
    const entry = { previous: noHash, event: { partner: 'p', kind: 'partner.read', what: 'list' }, at, seq: 0 } as const
    const text = `{"at":"${at}","event":{"kind":"partner.read","partner":"p","what":"list"},"previous":"${noHash}","seq":0}`
    assert.equal(entryText(entry), text)
    assert.equal(entryHash(entry), createHash('sha256').update(text).digest('hex'))
  })

  it('begins with 64 zeros and verifies, whole and in stretches', () => {
    assert.equal(entries[0]?.previous, noHash)
    const head = verifyStretch(emptyHead, entries)
    assert.deepEqual(head, { seq: 3, hash: entries[3]?.hash })
    assert.deepEqual(verifyStretch(verifyStretch(emptyHead, entries.slice(0, 2)), entries.slice(2)), head)
  })

  it('has events as they will be read: optional fields that are undefined are not there', () => {
    const event = { ...read('p'), day: undefined } as unknown as LedgerEvent
    assert.deepEqual(chainEvents(emptyHead, at, [event])[0]?.event, read('p'))
  })

  it('keeps any text that an event can have, also half a pair of surrogates', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }), (partner) => {
        const [entry] = chainEvents(emptyHead, at, [read(partner)])
        const stored = Buffer.from(JSON.stringify(entry), 'utf8').toString('utf8')
        verifyStretch(emptyHead, [JSON.parse(stored) as LedgerEntry])
      }),
    )
  })

  const broken = (changed: readonly (LedgerEntry | undefined)[], text: RegExp) =>
    assert.throws(
      () => verifyStretch(emptyHead, changed as LedgerEntry[]),
      (error) => error instanceof LedgerBrokenError && text.test(error.message) && /ledger verify/.test(error.message),
    )

  it('names the entry that was changed, in any of its fields', () => {
    const [zero, one, two, three] = entries as [LedgerEntry, LedgerEntry, LedgerEntry, LedgerEntry]
    broken([zero, { ...one, event: read('x') }, two, three], /entry 1 was changed/)
    broken([zero, one, { ...two, at: '2026-11-24T10:00:00.001Z' }, three], /entry 2 was changed/)
    broken([zero, one, { ...two, hash: three.hash }, three], /entry 2 was changed/)
    broken([zero, one, { ...two, previous: noHash }, three], /entry 2 was changed/)
  })

  it('names what is missing, doubled, put in later, or before the beginning', () => {
    const [zero, one, two, three] = entries as [LedgerEntry, LedgerEntry, LedgerEntry, LedgerEntry]
    broken([zero, two, three], /entry 1 is missing/)
    broken([zero, three], /entries 1 to 2 are missing/)
    broken([one, two, three], /entry 0 is missing/)
    broken([zero, one, one, two], /there are two entries 1\b/)
    const put = chainEvents({ seq: 0, hash: zero.hash }, at, [read('x')])
    broken([zero, ...put, two, three], /entry 2 does not follow the entry 1/)
    broken(chainEvents({ seq: -1, hash: one.hash }, at, [begun]), /beginning is missing/)
  })
})

describe('the stored head', () => {
  const head = { seq: 3, hash: entries[3]?.hash ?? '' }

  it('is read as it was written', () => {
    assert.deepEqual(decodeHead(encodeHead(head, entries.slice(1))), { ...head, pending: entries.slice(1) })
    assert.deepEqual(decodeHead(encodeHead(head, [])), { ...head, pending: [] })
  })

  it('is refused when its entries do not lead to it', () => {
    for (const pending of [[entries[1], entries[3]], [entries[2]], [{ ...entries[3], at }, entries[3]]])
      assert.throws(() => decodeHead(encodeHead(head, pending as LedgerEntry[])), LedgerBrokenError)
    for (const text of ['', 'null', '[]', '{"seq":-2,"hash":"","pending":[]}', '{"seq":1,"hash":"x"}'])
      assert.throws(() => decodeHead(Buffer.from(text)), LedgerBrokenError, text)
  })
})
