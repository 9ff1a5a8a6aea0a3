import { chmod } from 'node:fs/promises'
import path from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import type { LedgerEvent } from '../../shared/ledger/port.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { AuditedInstallation } from './audited-installation.ts'
import { Auditor, assertOnlyFailed, assertPassed } from './auditor.ts'
import { daysAgo, forgettingKeys, plantOldKey, plantOldRecord, plantRelease } from './planted-in-stores.ts'

const oldDay = daysAgo(40)

describe('a breach planted in the stores of a running installation makes exactly its line fail:', () => {
  const auditor = new Auditor()
  let audited: AuditedInstallation
  let warehouse: Warehouse
  before(async () => {
    audited = await AuditedInstallation.start({ wrapEngines: (engines) => forgettingKeys(engines, oldDay) })
    warehouse = audited.headcount.engines.warehouse
    const { ledger, catalogue } = audited.headcount
    await plantRelease({ warehouse, ledger, catalogue }, daysAgo(5))
    assertPassed(await audit())
  })
  after(async () => {
    await auditor.end()
    await audited.remove()
  })
  /** What takes the breach away again. */
  let mend: (() => Promise<unknown>) | undefined
  afterEach(async () => {
    await mend?.()
    mend = undefined
  })
  const audit = () => auditor.audit(audited.auditSettings)
  const append = (...events: LedgerEvent[]) => audited.headcount.ledger.append(() => ({ events, result: undefined }))

  it('tables, by a table with a row per event', async () => {
    mend = () => warehouse.command('DROP TABLE requests')
    await warehouse.command('CREATE TABLE requests (at DateTime, sender String) ENGINE = MergeTree ORDER BY at')
    assertOnlyFailed(await audit(), 'tables', /unexpected table requests/)
  })

  it('tables, by a column for who it was', async () => {
    mend = () => warehouse.command('ALTER TABLE cells DROP COLUMN sender')
    await warehouse.command('ALTER TABLE cells ADD COLUMN sender SimpleAggregateFunction(any, String)')
    assertOnlyFailed(await audit(), 'tables', /unexpected column cells.sender/)
  })

  it('open-states, by a state that was left in a closed window', async () => {
    mend = () => warehouse.command(`ALTER TABLE cells DELETE WHERE window = toDateTime('${oldDay} 00:00:00', 'UTC')`)
    await insertCell(warehouse, `'day', 'open', '${oldDay} 00:00:00', [77]`)
    assertOnlyFailed(await audit(), 'open-states', new RegExp(`1 open rows with states in day:${oldDay}`))
  })

  it('tombstones, by a day that is final while its key could be made again', async () => {
    mend = () => warehouse.command(`ALTER TABLE cells DELETE WHERE window = toDateTime('${oldDay} 00:00:00', 'UTC')`)
    await insertCell(warehouse, `'day', 'mark', '${oldDay} 00:00:00', []`, '_final')
    assertOnlyFailed(await audit(), 'tombstones', new RegExp(`day:${oldDay} is closed and has no tombstone`))
  })

  it('cells-retention, by counts of a minute four days ago', async () => {
    const window = `${daysAgo(4)} 10:15:00`
    mend = () => warehouse.command(`ALTER TABLE cells DELETE WHERE window = toDateTime('${window}', 'UTC')`)
    await insertCell(warehouse, `'minute', 'final', '${window}', []`)
    assertOnlyFailed(await audit(), 'cells-retention', /minute-cells: the oldest should have gone by/)
  })

  it('key-ages, by the key of a day that its process has forgotten', async () => {
    const { secrets } = audited.headcount.engines.keyValue
    mend = () => secrets.destroy(`epoch/day:${oldDay}`)
    await plantOldKey(audited.dir, oldDay)
    assertOnlyFailed(await audit(), 'key-ages', /epoch-keys-day: the oldest should have gone by/)
  })

  it('raw-retention, by a file of raw records that nobody removed', async () => {
    const planted = await plantOldRecord(audited.dir, `${daysAgo(5)}T10:15:00Z`)
    mend = planted.remove
    assertOnlyFailed(await audit(), 'raw-retention', /raw-records: the oldest should have gone by/)
  })

  it('only-listed, by entries of a kind that nobody knows', async () => {
    const { keyValue } = audited.headcount.engines
    mend = () => keyValue.delete('senders/1')
    await keyValue.put('senders/1', Buffer.from('42'))
    assertOnlyFailed(await audit(), 'only-listed', /entries: a name of 9 characters beginning with "senders\/1"/)
  })

  it('file-modes, by credentials that others can read', async () => {
    const file = path.join(audited.dir, 'credentials.json')
    mend = () => chmod(file, 0o600)
    await chmod(file, 0o644)
    assertOnlyFailed(await audit(), 'file-modes', /credentials.json has mode 0644/)
  })

  it('releases, by a published file with another byte', async () => {
    const [row] = await warehouse.select<{ body: string }>("SELECT body FROM releases WHERE format = 'csv'")
    const rewrite = (body: string) =>
      warehouse.command("ALTER TABLE releases UPDATE body = {body:String} WHERE format = 'csv'", { body })
    const right = row?.body ?? ''
    mend = () => rewrite(right)
    const other = Buffer.from(right, 'base64')
    other[other.length - 2] = (other[other.length - 2] ?? 0) ^ 1
    await rewrite(other.toString('base64'))
    assertOnlyFailed(await audit(), 'releases', /the csv of usage on .* is not the one that was published/)
  })

  it('ledger, by an entry that was changed', async () => {
    const change = (from: string, to: string) =>
      warehouse.command('ALTER TABLE ledger UPDATE event = replaceAll(event, {from:String}, {to:String}) WHERE 1', {
        from,
        to,
      })
    mend = () => change('"rows":2', '"rows":1')
    await change('"rows":1', '"rows":2')
    assertOnlyFailed(await audit(), 'ledger', /was changed after it was written/)
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
    assertPassed(await audit())
    await append({ kind: 'partner.read', partner: 'late', what: 'file', dataset: 'usage' })
    assertOnlyFailed(await audit(), 'disclosures', /a read by late after the end of its key/)
  })
})

describe('a breach planted in the ledger of a running installation makes exactly its line fail:', () => {
  it('budget, by a day that cost more than the catalogue allows', async () => {
    const auditor = new Auditor()
    const audited = await AuditedInstallation.start()
    try {
      const spent = { specification: 'ef'.repeat(32), rho: '1/10', delta: '1e-9' }
      await audited.headcount.ledger.append(() => ({
        events: [{ kind: 'budget.reserved', day: daysAgo(9), dataset: 'usage', ...spent }],
        result: undefined,
      }))
      assertOnlyFailed(await auditor.audit(audited.auditSettings), 'budget', /costs ρ 1\/10, of 3\/200/)
    } finally {
      await auditor.end()
      await audited.remove()
    }
  })
})

/** @param cell grain, stage, window and units, as SQL */
function insertCell(warehouse: Warehouse, cell: string, dataset = 'usage'): Promise<void> {
  const by = dataset === 'usage' ? '' : 'usage'
  return warehouse.command(
    `INSERT INTO cells (dataset, by, kp, log, events, devices, grain, stage, window, units) SELECT '${dataset}', '${by}', '', '', 1, 0, ${cell.replace(/\[(\d*)\]$/, 'CAST([$1] AS Array(UInt64))')}`,
  )
}
