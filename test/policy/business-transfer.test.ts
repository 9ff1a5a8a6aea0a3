/**
 * business-transfer: "… customer information … is one of the business assets that may be transferred". What may be are counts,
 * releases and the ledger, whole and shown to be so by checksum; no record, key or identifier of anybody goes with them.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { ExportReport } from '../../services/transfer/export-installation.ts'
import type { Config } from '../../shared/config.ts'
import { temporaryDirectory } from '../fixtures/headcount-process.ts'
import { byteNeedles } from '../privacy/canary.ts'
import { NeedleSearch } from '../privacy/needle-search.ts'
import { scanFiles } from '../privacy/scan.ts'
import { answersOf, configIn, fillAtOnce, withRunning } from '../services/transfer/filled-installation.ts'
import { exportTo, restoreFrom } from '../services/transfer/opened.ts'

const handedOver = '2026-12-02T09:00:00Z'
let dir: string
let folder: string
let source: Config
let key: string
let said: Record<string, string>
let exported: ExportReport
/** What is about somebody, or secret, at the source. */
let search: NeedleSearch
before(async () => {
  dir = await temporaryDirectory()
  folder = path.join(dir, 'export')
  source = await configIn(dir, 'source')
  const filled = await fillAtOnce(source)
  key = filled.partnerKey
  said = filled.said
  search = new NeedleSearch(filled.secrets.flatMap(({ what, bytes }) => byteNeedles(what, bytes)))
  exported = await exportTo(source, folder, false)
})
after(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }))

test('handed over whole: the other installation answers the same, to analysts and to partners, and its ledger verifies', async () => {
  const target = await configIn(dir, 'target')
  await restoreFrom(target, folder)
  await withRunning(target, handedOver, async (running) => {
    assert.deepEqual(await answersOf(running, key), said)
    const { seq, hash } = exported.manifest.ledger
    const { problems } = await running.headcount.desk.verifyLedger(`${seq}:${hash}`)
    assert.deepEqual(problems, [])
  })
  assert.ok(Object.values(said).some((answer) => /"rows":\[\[/.test(answer)))
})

test('no identifier, key or raw record is in what is handed over; where they are kept they are found', async () => {
  assert.deepEqual(await scanFiles(search, folder), [])
  const control = await scanFiles(search, source.dataDir)
  assert.match(control.map(({ where }) => where).join('\n'), /event-log\//)
  assert.match(control.map(({ where }) => where).join('\n'), /key-value\//)
})

test('changed on the way, in one byte of any file, it is refused and nothing is taken from it', async () => {
  const target = await configIn(dir, 'elsewhere')
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'manifest.json') continue
    const file = path.join(entry.parentPath, entry.name)
    const bytes = await readFile(file)
    const changed = Buffer.from(bytes)
    changed[bytes.length >> 1]! ^= 1
    await writeFile(file, changed)
    await assert.rejects(restoreFrom(target, folder), /is not the file that was exported/, entry.name)
    await writeFile(file, bytes)
  }
  await restoreFrom(target, folder)
})
