/** A restore that is cut off after any of its writes leaves nothing that anybody uses, and is done whole by the next. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { openWarehouse } from '../../../services/engines.ts'
import { ArchiveReader } from '../../../services/transfer/archive-folder.ts'
import { mustBeEmpty } from '../../../services/transfer/empty-installation.ts'
import { type ExportReport, exportInstallation } from '../../../services/transfer/export-installation.ts'
import { type RestoreTools, restoreInstallation } from '../../../services/transfer/restore-installation.ts'
import { refuseUnfinished } from '../../../services/transfer/restore-mark.ts'
import type { Config } from '../../../shared/config.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
import { openLedger } from '../../../shared/ledger/warehouse-ledger.ts'
import { createLogger } from '../../../shared/logger.ts'
import { answersOf, configIn, fillSource, tookOverAt, withRunning } from './filled-installation.ts'
import { exportTo, withStoresOf } from './opened.ts'

const takenOver = new Date(tookOverAt).toISOString()

let dir: string
let source: Config
let key: string
let said: Record<string, string>
let exported: ExportReport
let folder: string
before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-transfer-'))
  source = await configIn(dir, 'source')
  key = await fillSource(source)
  said = await withRunning(source, takenOver, (running) => answersOf(running, key))
  folder = path.join(dir, 'export')
  exported = await exportTo(source, folder)
})
after(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }))

class PowerCut extends Error {}

const writing = ['insert', 'command', 'put', 'putIfAbsent', 'compareAndSet', 'delete']

/** Everything fails once so many writes have been carried out, of both stores: the process is as good as dead. */
function cutAfter(tools: RestoreTools, writes: number): RestoreTools {
  let left = writes
  const cut = <Store extends object>(store: Store): Store =>
    new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name, target) as unknown
        if (typeof value !== 'function') return value
        // Iterated over, not waited for; it only reads.
        if (name === 'scan') return value.bind(target)
        return async (...given: unknown[]) => {
          if (left <= 0) throw new PowerCut()
          const result: unknown = await value.apply(target, given)
          if (writing.includes(String(name)) && --left === 0) throw new PowerCut()
          return result
        }
      },
    })
  return { ...tools, warehouse: cut(tools.warehouse), keyValue: cut(tools.keyValue) }
}

test('cut off after each write in turn: refused to everybody until one run comes to its end, and then whole', async () => {
  const target = await configIn(dir, 'target')
  let cuts = 0
  await withStoresOf(target, async (tools) => {
    for (let writes = 1; ; writes++) {
      const archive = await ArchiveReader.open(folder)
      const done = await restoreInstallation(cutAfter(tools, writes), archive, { revokePartners: false }).then(
        () => true,
        (error) => {
          if (!(error instanceof PowerCut)) throw error
          return false
        },
      )
      if (done) break
      cuts++
      const isRefused = await refuseUnfinished(tools.warehouse).then(
        () => false,
        (error: Error) => /was being restored into this warehouse, and that has not ended/.test(error.message),
      )
      const isEmpty = await mustBeEmpty(tools).then(
        () => true,
        () => false,
      )
      if (!isRefused && !isEmpty) {
        // The word that it has ended was written, and the answer to it lost.
        const [row] = await tools.warehouse.select<{ done: string }>(
          "SELECT toString(countIf(state = 'done')) AS done FROM restores",
        )
        assert.equal(row?.done, '1', `after ${writes} writes something is there that is not whole`)
        break
      }
    }
    await refuseUnfinished(tools.warehouse)
  })
  assert.ok(cuts > 20, `${cuts} cuts`)
  await withRunning(target, takenOver, async (running) => {
    assert.deepEqual(await answersOf(running, key), said)
    const { seq, hash } = exported.manifest.ledger
    assert.deepEqual((await running.headcount.desk.verifyLedger(`${seq}:${hash}`)).problems, [])
  })
})

test('the control: without the mark, half of an export is taken for an installation', async () => {
  const target = await configIn(dir, 'half')
  const options = { config: target, logger: createLogger({ logLevel: 'silent' }), onFatal: () => undefined }
  await withStoresOf(target, async (tools) => {
    const restoring = restoreInstallation(cutAfter(tools, 10), await ArchiveReader.open(folder), {
      revokePartners: false,
    })
    await assert.rejects(restoring, PowerCut)
  })
  await withStoresOf(target, async ({ clock }) => {
    await assert.rejects(openWarehouse({ ...options, clock }), /nothing of it is used/)
  })
  await withStoresOf(target, async ({ warehouse }) => {
    await warehouse.command('ALTER TABLE restores DELETE WHERE 1')
    const [found] = await warehouse.select<{ cells: string }>('SELECT toString(count()) AS cells FROM cells')
    assert.ok(Number(found?.cells) > 0 && Number(found?.cells) < exported.cells)
  })
  await withRunning(target, takenOver, async (running) => {
    assert.notDeepEqual(await answersOf(running, key), said)
  })
})

test('an export that is cut off has no manifest, and the ledger has no entry of one that does not exist', async () => {
  await withStoresOf(source, async (tools) => {
    const ledger = await openLedger(tools)
    const before = (await ledger.state()).head
    const broken: Ledger = {
      state: () => ledger.state(),
      entries: (from, before) => ledger.entries(from, before),
      append: () => Promise.reject(new PowerCut()),
    }
    const half = path.join(dir, 'half-export')
    const wish = { dir: half, leaveOpen: true, to: 'ACME', case: 'T-2' }
    await assert.rejects(exportInstallation({ ...tools, ledger: broken }, wish), PowerCut)
    assert.ok((await readdir(half)).length > 2)
    await assert.rejects(ArchiveReader.open(half), /one without a manifest was not finished/)
    assert.deepEqual((await ledger.state()).head, before)
  })
})
