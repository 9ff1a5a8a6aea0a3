/** The laws of shared/ledger/port.ts, for every pair of key-value store and warehouse. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatFraction, fraction } from '../../shared/fraction.ts'
import { KeyValueUnavailableError } from '../../shared/keyvalue/port.ts'
import { encodeHead, headKey } from '../../shared/ledger/ledger-head.ts'
import { openLedgerReader } from '../../shared/ledger/ledger-reader.ts'
import type { Ledger, LedgerEvent } from '../../shared/ledger/port.ts'
import { verifyLedger } from '../../shared/ledger/verify-ledger.ts'
import type { InsertBlock, Warehouse } from '../../shared/warehouse/port.ts'
import { added, append, filled, isBroken, lawOver, read, type Tools, type WithStores, whole } from './ledger-law.ts'
import { safeguardsLeftOut } from './ledger-safeguards.ts'
import {
  allEntries,
  budgetRho,
  day,
  plant,
  reserveShare,
  tally,
  withChanged,
  withHeldInserts,
} from './ledger-stores.ts'

export function ledgerContract(name: string, withStores: WithStores): void {
  const law = lawOver(withStores)

  describe(`ledger contract: ${name}`, () => {
    law('what was appended is there in order, chained, with its time, also for who opens it later', async (tools) => {
      const ledger = await tools.open()
      await append(ledger, added('p'), read('p'))
      tools.clock.advance(1877)
      assert.equal(await reserveShare(ledger, 'a'), 'reserved')
      assert.equal(await reserveShare(ledger, 'a'), 'already')
      const again = await tools.open()
      const entries = await allEntries(again)
      assert.deepEqual(
        entries.map(({ seq, at, event }) => [seq, at.slice(11), event.kind]),
        [
          [0, '10:00:00.123Z', 'ledger.begun'],
          [1, '10:00:00.123Z', 'partner.added'],
          [2, '10:00:00.123Z', 'partner.read'],
          [3, '10:00:02.000Z', 'budget.reserved'],
        ],
      )
      assert.deepEqual(entries[1]?.event, added('p'))
      assert.deepEqual(await allEntries(again, 1, 3), entries.slice(1, 3))
      const state = await again.state()
      assert.deepEqual(state.head, { seq: 3, hash: entries[3]?.hash })
      assert.equal(state.release(day, 'a')?.state, 'RESERVED')
      assert.equal(state.partnerOfKey('b'.repeat(64))?.purpose, 'two\ttabs')
      assert.equal(await whole(again), 4)
    })

    law('what decide throws is rethrown; events are appended all or none', async ({ open }) => {
      const ledger = await open()
      const thrown = new Error('no')
      await assert.rejects(
        ledger.append(() => {
          throw thrown
        }),
        (error) => error === thrown,
      )
      await assert.rejects(append(ledger, added('p'), added('q')), /the key of q is another's/)
      await assert.rejects(append(ledger, ...Array(257).fill(read('p'))), RangeError)
      await assert.rejects(append(ledger, { kind: 'day.unsealed', day, why: 'x'.repeat(17_000) }), RangeError)
      assert.equal((await ledger.state()).head.seq, 0)
      assert.equal(await ledger.append((state) => ({ events: [], result: state.head.seq })), 0)
    })

    law('an append that resolved is in the state of every other ledger and reader from then on', async (tools) => {
      const ledgers = [await tools.open(), await tools.open()]
      const reader = openLedgerReader(tools)
      for (let index = 0; index < 8; index++) {
        await reserveShare(ledgers[index % 2] as Ledger, `d${index}`)
        for (const one of [...ledgers, reader])
          assert.equal((await one.state()).release(day, `d${index}`)?.state, 'RESERVED')
      }
    })

    law('a state does not change when the ledger does', async ({ open }) => {
      const ledger = await open()
      const before = await ledger.state()
      await filled(ledger)
      assert.deepEqual([before.head.seq, before.partners(), before.releases()], [0, [], []])
      assert.equal(formatFraction((await ledger.state()).spent(day)), '3/1000')
    })

    law('of 150 reservations by three ledgers at once as many succeed as the budget has room for', async (tools) => {
      const ledgers = await Promise.all([tools.open(), tools.open(), tools.open()])
      const asked = Array.from({ length: 150 }, (_, index) => reserveShare(ledgers[index % 3] as Ledger, `d${index}`))
      assert.deepEqual(tally(await Promise.allSettled(asked)), { done: 15, BudgetExceededError: 135 })
      const state = await (ledgers[0] as Ledger).state()
      assert.deepEqual([state.head.seq, formatFraction(state.spent(day)), state.releases().length], [15, '3/200', 15])
      assert.equal(await whole(ledgers[1] as Ledger), 16)
    })

    law('a thousand appends at once are a few inserts', async ({ open, warehouse }) => {
      let inserts = 0
      const insert = (block: InsertBlock) => {
        inserts++
        return warehouse.insert(block)
      }
      const ledger = await open({ warehouse: withChanged(warehouse, { insert }) })
      await append(ledger, added('p'))
      inserts = 0
      await Promise.all(Array.from({ length: 1000 }, () => append(ledger, read('p'))))
      assert.ok(inserts <= 6, `${inserts} inserts`)
      assert.equal(await whole(ledger), 1002)
    })

    law('the key-value store may be lost whole: the state is right, and appends go on', async (tools) => {
      const running = await tools.open()
      await filled(running)
      const keyValue = await tools.emptyKeyValue()
      const moved = await tools.open({ keyValue })
      assert.equal(formatFraction((await moved.state()).spent(day)), '3/1000')
      await tools.keyValue.delete(headKey)
      assert.equal((await running.state()).head.seq, 5)
      await reserveShare(running, 'd')
      assert.equal((await (await tools.open()).state()).head.seq, 6)
      assert.equal(await whole(running), 7)
    })

    law('an older head put back into the key-value store is found out, and nothing is decided on it', async (tools) => {
      const running = await tools.open()
      await filled(running)
      const older = await tools.keyValue.get(headKey)
      const idle = await tools.open()
      await reserveShare(running, 'd', fraction(12, 1000))
      await tools.keyValue.put(headKey, older as Buffer)
      await assert.rejects(reserveShare(idle, 'e'), { name: 'BudgetExceededError' })
      assert.equal((await (await tools.open()).state()).head.seq, 6)
      await append(running, read('p'))
      assert.equal(await whole(running), 8)
    })

    law('an append whose process died before the insert is finished by the next one', async (tools) => {
      const insert = () => Promise.reject(new Error('killed'))
      const dying = await tools.open()
      await append(dying, added('p'))
      const killed = openedWith(tools, { insert })
      await assert.rejects(reserveShare(await killed, 'a', budgetRho), /killed/)
      assert.equal((await dying.state()).head.seq, 1)
      await assert.rejects(reserveShare(dying, 'b'), { name: 'BudgetExceededError' })
      assert.equal((await dying.state()).release(day, 'a')?.state, 'RESERVED')
      assert.equal(await whole(dying), 3)
    })

    law('tokens that a crash left behind without their rows lose nothing', async (tools) => {
      const burnt = ['ledger/2', 'ledger/2/r1']
      const dropped: string[] = []
      const insert = async (block: InsertBlock) => {
        if (burnt.includes(block.token)) dropped.push(block.token)
        else await tools.warehouse.insert(block)
      }
      await append(await tools.open(), added('p'))
      const ledger = await openedWith(tools, { insert })
      await append(ledger, read('p'))
      assert.deepEqual(dropped, burnt)
      assert.equal(await whole(ledger), 3)
    })

    law('with the key-value store away the state is right, and every append is refused', async (tools) => {
      const away = () => Promise.reject(new KeyValueUnavailableError('away'))
      const running = await tools.open()
      let isAway = false
      const get = (key: string) => (isAway ? away() : tools.keyValue.get(key))
      const cutOff = await tools.open({ keyValue: withChanged(tools.keyValue, { get }) })
      isAway = true
      await filled(running)
      assert.equal((await cutOff.state()).head.seq, 5)
      await assert.rejects(reserveShare(cutOff, 'd'), { name: 'KeyValueUnavailableError' })
      isAway = false
      assert.equal(await reserveShare(cutOff, 'd'), 'reserved')
    })

    law('an older head that an idle process knows misleads it for a second at most', async (tools) => {
      const idle = await tools.open()
      await idle.state()
      const known = await tools.keyValue.get(headKey)
      await filled(await tools.open())
      await tools.keyValue.put(headKey, known as Buffer)
      await sleep(1001)
      assert.equal((await idle.state()).head.seq, 5)
    })

    law(
      'when the key-value store is lost in the middle of an append another one wins, and it is decided again',
      async (tools) => {
        const { held, reached, letGo } = withHeldInserts(tools.warehouse)
        const other = await tools.open()
        const slow = reserveShare(await openedWith(tools, { insert: held.insert }), 'slow', budgetRho)
        await reached
        await tools.keyValue.delete(headKey)
        assert.equal(await reserveShare(other, 'fast', budgetRho), 'reserved')
        letGo()
        await assert.rejects(slow, { name: 'BudgetExceededError' })
        assert.equal(await whole(other), 2)
      },
    )

    law('the one that comes second into the warehouse takes its head back', async (tools) => {
      const { held, reached, letGo } = withHeldInserts(tools.warehouse)
      const lost = withHeldInserts(tools.warehouse)
      const first = reserveShare(await openedWith(tools, { insert: held.insert }), 'first', budgetRho)
      await reached
      await tools.keyValue.delete(headKey)
      const second = reserveShare(await openedWith(tools, { insert: lost.held.insert }), 'second', budgetRho)
      await lost.reached
      letGo()
      assert.equal(await first, 'reserved')
      lost.letGo()
      await assert.rejects(second, { name: 'BudgetExceededError' })
      const later = await tools.open()
      assert.equal((await later.state()).release(day, 'second'), undefined)
      assert.equal(await whole(later), 2)
    })

    for (const [what, sql, text] of [
      ['an event', `UPDATE event = replace(event, '1/1000', '1/9000') WHERE seq = 3`, /entry 3 was changed/],
      ['an event that is no JSON any more', `UPDATE event = '{' WHERE seq = 3`, /entry 3 was changed/],
      ['a time', 'UPDATE at = at - INTERVAL 1 DAY WHERE seq = 2', /entry 2 was changed/],
      ['a day beside the event', `UPDATE day = '2026-11-22' WHERE seq = 4`, /entry 4 was changed/],
      ['a hash', `UPDATE hash = repeat('c', 64) WHERE seq = 1`, /entry 1 was changed/],
      ['a row that was taken out', 'DELETE WHERE seq IN (2, 3)', /entries 2 to 3 are missing/],
      ['the beginning that was taken out', 'DELETE WHERE seq = 0', /entry 0 is missing/],
      ['the last rows, taken out', 'DELETE WHERE seq >= 4', /the tables end with entry 3: entries were lost/],
    ] as const) {
      law(`tampering is found and appends are refused: ${what}`, async (tools) => {
        const ledger = await tools.open()
        await filled(ledger)
        // The head in the key-value store is the last entry's own append, so these are not finished anew.
        assert.equal(await whole(ledger), 6)
        const { head } = await ledger.state()
        await tools.warehouse.command(`ALTER TABLE ledger ${sql}`)
        await assert.rejects(tools.open(), isBroken(text))
        await assert.rejects(openLedgerReader(tools).state(), isBroken(text))
        const { problems } = await verifyLedger(openLedgerReader(tools), {
          budgetRho,
          keptHead: `${head.seq}:${head.hash}`,
        })
        assert.match(problems.join('\n'), text)
      })
    }

    law(
      'a process that runs on refuses when the last entry it knows is taken away, doubled or replaced',
      async (tools) => {
        const ledger = await tools.open()
        await filled(ledger)
        const [last] = await allEntries(ledger, 5)
        assert.ok(last)
        const { hash: _, ...rest } = last
        await plant(tools.warehouse, rest)
        await assert.rejects(reserveShare(ledger, 'd'), isBroken(/there are two entries 5/))
        await tools.warehouse.command('ALTER TABLE ledger DELETE WHERE seq = 5')
        await assert.rejects(reserveShare(ledger, 'd'), isBroken(/entry 5, which was there before, is gone/))
        await plant(tools.warehouse, { ...rest, at: '2026-11-24T10:00:00.124Z' })
        await tools.keyValue.delete(headKey)
        await assert.rejects(
          reserveShare(ledger, 'd'),
          isBroken(/entry 5, which was there before, is gone or was changed/),
        )
      },
    )

    law('a fork is found: by who appends next, and by who walks it', async (tools) => {
      const ledger = await tools.open()
      await filled(ledger)
      const [fifth] = await allEntries(ledger, 4, 5)
      assert.ok(fifth)
      await plant(tools.warehouse, {
        ...fifth,
        seq: 5,
        previous: fifth.hash,
        event: { kind: 'partner.revoked', partner: 'p' },
      })
      await assert.rejects(reserveShare(ledger, 'd'), isBroken(/entry 5|two entries 5/))
      await assert.rejects(tools.open(), isBroken(/two entries 5/))
      const { problems } = await verifyLedger(ledger, { budgetRho })
      assert.match(problems.join('\n'), /there are two entries 5/)
    })

    law(
      'a chain that was written anew from the beginning is found by a head that was kept, and by the store',
      async (tools) => {
        const ledger = await tools.open()
        await filled(ledger)
        const { head } = await ledger.state()
        const kept = { budgetRho, keptHead: `${head.seq}:${head.hash}` }
        assert.deepEqual((await verifyLedger(ledger, kept)).problems, [])
        const entries = await allEntries(ledger)
        await tools.warehouse.command('ALTER TABLE ledger DELETE WHERE seq >= 0')
        let previous = '0'.repeat(64)
        for (const { hash: _, ...entry } of entries) {
          const event = entry.seq === 3 ? { ...entry.event, dataset: 'other' } : entry.event
          previous = (await plant(tools.warehouse, { ...entry, event: event as LedgerEvent, previous })).hash
        }
        const forgetful = openLedgerReader({ ...tools, keyValue: await tools.emptyKeyValue() })
        assert.deepEqual((await verifyLedger(forgetful, { budgetRho })).problems, [])
        assert.match((await verifyLedger(forgetful, kept)).problems.join(), /entry 5 does not have the hash/)
        await assert.rejects(tools.open(), isBroken(/key-value store says that entry 5 has the hash/))
      },
    )

    law('a head in the key-value store that is no head, or of another chain, stops everything', async (tools) => {
      const ledger = await tools.open()
      await filled(ledger)
      const good = await tools.keyValue.get(headKey)
      for (const bad of [
        Buffer.from('{}'),
        Buffer.from('nonsense'),
        encodeHead({ seq: 5, hash: 'd'.repeat(64) }, []),
        encodeHead({ seq: 2, hash: 'd'.repeat(64) }, []),
        encodeHead({ seq: 9, hash: 'd'.repeat(64) }, []),
      ]) {
        await tools.keyValue.put(headKey, bad)
        await assert.rejects(reserveShare(ledger, 'd'), isBroken(/key-value store/))
        await assert.rejects(ledger.state(), isBroken(/key-value store/))
        assert.match((await verifyLedger(ledger, { budgetRho })).problems.join(), /key-value store/)
      }
      await tools.keyValue.put(headKey, good as Buffer)
      assert.equal(await reserveShare(ledger, 'd'), 'reserved')
    })

    safeguardsLeftOut(law)
  })
}

/** A ledger whose first entries are in, and whose later inserts go another way. */
async function openedWith(tools: Tools, { insert }: Pick<Warehouse, 'insert'>): Promise<Ledger> {
  await tools.open()
  return await tools.open({ warehouse: withChanged(tools.warehouse, { insert }) })
}
