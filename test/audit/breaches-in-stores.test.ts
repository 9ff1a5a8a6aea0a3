import { chmod } from 'node:fs/promises'
import path from 'node:path'
import { before, it } from 'node:test'
import type { Engines } from '../../services/headcount.ts'
import type { LedgerEvent } from '../../shared/ledger/port.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { describeAudited } from './audited-installation.ts'
import { assertOnlyFailed, assertPassed } from './auditor.ts'
import { daysAgo, forgettingKeys, plantOldKey, plantOldRecord, plantRelease } from './planted-in-stores.ts'

const oldDay = daysAgo(40)

describeAudited('a breach in the tables of a running installation makes exactly its line fail:', {}, (suite) => {
  const warehouse = () => suite.audited.headcount.engines.warehouse

  it('tables, by a table with a row per event', async () => {
    suite.mend(() => warehouse().command('DROP TABLE requests'))
    await warehouse().command('CREATE TABLE requests (at DateTime, sender String) ENGINE = MergeTree ORDER BY at')
    assertOnlyFailed(await suite.audit(), 'tables', /unexpected table requests/)
  })

  it('tables, by a column for who it was', async () => {
    suite.mend(() => warehouse().command('ALTER TABLE cells DROP COLUMN sender'))
    await warehouse().command('ALTER TABLE cells ADD COLUMN sender SimpleAggregateFunction(any, String)')
    assertOnlyFailed(await suite.audit(), 'tables', /unexpected column cells.sender/)
  })

  it('open-states, by a state that was left in a closed window', async () => {
    suite.mend(() =>
      warehouse().command(`ALTER TABLE cells DELETE WHERE window = toDateTime('${oldDay} 00:00:00', 'UTC')`),
    )
    await insertCell(warehouse(), `'day', 'open', '${oldDay} 00:00:00', [77]`)
    assertOnlyFailed(await suite.audit(), 'open-states', new RegExp(`1 open rows with states in day:${oldDay}`))
  })

  it('tombstones, by a day that is final while its key could be made again', async () => {
    suite.mend(() =>
      warehouse().command(`ALTER TABLE cells DELETE WHERE window = toDateTime('${oldDay} 00:00:00', 'UTC')`),
    )
    await insertCell(warehouse(), `'day', 'mark', '${oldDay} 00:00:00', []`, '_final')
    assertOnlyFailed(await suite.audit(), 'tombstones', new RegExp(`day:${oldDay} is closed and has no tombstone`))
  })

  it('cells-retention, by counts of a minute four days ago', async () => {
    const window = `${daysAgo(4)} 10:15:00`
    suite.mend(() => warehouse().command(`ALTER TABLE cells DELETE WHERE window = toDateTime('${window}', 'UTC')`))
    await insertCell(warehouse(), `'minute', 'final', '${window}', []`)
    assertOnlyFailed(await suite.audit(), 'cells-retention', /minute-cells: the oldest should have gone by/)
  })
})

const forgetful = { wrapEngines: (engines: Engines) => forgettingKeys(engines, oldDay) }
describeAudited(
  'a breach in the data folder of a running installation makes exactly its line fail:',
  forgetful,
  (suite) => {
    it('key-ages, by the key of a day that its process has forgotten', async () => {
      const { secrets } = suite.audited.headcount.engines.keyValue
      suite.mend(() => secrets.destroy(`epoch/day:${oldDay}`))
      await plantOldKey(suite.audited.dir, oldDay)
      assertOnlyFailed(await suite.audit(), 'key-ages', /epoch-keys-day: the oldest should have gone by/)
    })

    it('raw-retention, by a file of raw records that nobody removed', async () => {
      const planted = await plantOldRecord(suite.audited.dir, `${daysAgo(5)}T10:15:00Z`)
      suite.mend(planted.remove)
      assertOnlyFailed(await suite.audit(), 'raw-retention', /raw-records: the oldest should have gone by/)
    })

    it('only-listed, by entries of a kind that nobody knows', async () => {
      const { keyValue } = suite.audited.headcount.engines
      suite.mend(() => keyValue.delete('senders/1'))
      await keyValue.put('senders/1', Buffer.from('42'))
      assertOnlyFailed(
        await suite.audit(),
        'only-listed',
        /entries: a name of 9 characters beginning with "senders\/1"/,
      )
    })

    it('file-modes, by credentials that others can read', async () => {
      const file = path.join(suite.audited.dir, 'credentials.json')
      suite.mend(() => chmod(file, 0o600))
      await chmod(file, 0o644)
      assertOnlyFailed(await suite.audit(), 'file-modes', /credentials.json has mode 0644/)
    })
  },
)

describeAudited('a breach in what is published, or in the ledger, makes exactly its line fail:', {}, (suite) => {
  const warehouse = () => suite.audited.headcount.engines.warehouse
  const append = (...events: LedgerEvent[]) =>
    suite.audited.headcount.ledger.append(() => ({ events, result: undefined }))
  before(async () => {
    const { ledger, catalogue } = suite.audited.headcount
    await plantRelease({ warehouse: warehouse(), ledger, catalogue }, daysAgo(5))
    assertPassed(await suite.audit())
  })

  it('releases, by a published file with another byte', async () => {
    const [row] = await warehouse().select<{ body: string }>("SELECT body FROM releases WHERE format = 'csv'")
    const rewrite = (body: string) =>
      warehouse().command("ALTER TABLE releases UPDATE body = {body:String} WHERE format = 'csv'", { body })
    const right = row?.body ?? ''
    suite.mend(() => rewrite(right))
    const other = Buffer.from(right, 'base64')
    other[other.length - 2] = (other[other.length - 2] ?? 0) ^ 1
    await rewrite(other.toString('base64'))
    assertOnlyFailed(await suite.audit(), 'releases', /the csv of usage on .* is not the one that was published/)
  })

  it('ledger, by an entry that was changed', async () => {
    const change = (from: string, to: string) =>
      warehouse().command('ALTER TABLE ledger UPDATE event = replaceAll(event, {from:String}, {to:String}) WHERE 1', {
        from,
        to,
      })
    suite.mend(() => change('"rows":2', '"rows":1'))
    await change('"rows":1', '"rows":2')
    assertOnlyFailed(await suite.audit(), 'ledger', /was changed after it was written/)
  })

  // What is appended to the ledger stays in it, so this comes last.
  it('disclosures, by a partner who was served after the end of its key', async () => {
    const partner = {
      partner: 'late',
      name: 'Late',
      datasets: ['usage'],
      purpose: 'a study',
      until: `${daysAgo(2)}T00:00:00Z`,
    }
    await append({ kind: 'partner.added', ...partner, keySha256: 'cd'.repeat(32) })
    assertPassed(await suite.audit())
    await append({ kind: 'partner.read', partner: 'late', what: 'file', dataset: 'usage' })
    assertOnlyFailed(await suite.audit(), 'disclosures', /a read by late after the end of its key/)
  })
})

describeAudited('a breach in the budget makes exactly its line fail:', {}, (suite) => {
  it('budget, by a day that cost more than the catalogue allows', async () => {
    const spent = { specification: 'ef'.repeat(32), rho: '1/10', delta: '1e-9' }
    await suite.audited.headcount.ledger.append(() => ({
      events: [{ kind: 'budget.reserved', day: daysAgo(9), dataset: 'usage', ...spent }],
      result: undefined,
    }))
    assertOnlyFailed(await suite.audit(), 'budget', /costs ρ 1\/10, of 3\/200/)
  })
})

/** @param cell grain, stage, window and units, as SQL */
function insertCell(warehouse: Warehouse, cell: string, dataset = 'usage'): Promise<void> {
  const by = dataset === 'usage' ? '' : 'usage'
  return warehouse.command(
    `INSERT INTO cells (dataset, by, kp, log, events, devices, grain, stage, window, units) SELECT '${dataset}', '${by}', '', '', 1, 0, ${cell.replace(/\[(\d*)\]$/, 'CAST([$1] AS Array(UInt64))')}`,
  )
}
