/** What is not restored, and why; a control each time: the same folder, unharmed, into the same place, is. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { sha256Hex } from '../../../services/release/sha256.ts'
import type { ArchiveManifest } from '../../../services/transfer/archive.ts'
import type { Config } from '../../../shared/config.ts'
import { entryHash } from '../../../shared/ledger/chain.ts'
import type { LedgerEntry } from '../../../shared/ledger/port.ts'
import { configIn, fillSource, stoppedAt, withRunning } from './filled-installation.ts'
import { exportTo, restoreFrom, withStoresOf } from './opened.ts'

let dir: string
let source: Config
let whole: string
before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-transfer-'))
  source = await configIn(dir, 'source')
  await fillSource(source)
  whole = path.join(dir, 'export')
  await exportTo(source, whole)
})
after(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }))

let copies = 0
/** The export with one thing wrong. */
async function harmed(harm: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(dir, `harmed-${copies++}`)
  await cp(whole, folder, { recursive: true })
  await harm(folder)
  return folder
}

async function rewrite(file: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(file, 'utf8')
  const changed = change(text)
  assert.notEqual(changed, text)
  await writeFile(file, changed)
}

/** As somebody would who knows that files are named by their SHA-256. */
async function forge(folder: string, name: string, change: (text: string) => string): Promise<void> {
  await rewrite(path.join(folder, name), change)
  const bytes = await readFile(path.join(folder, name))
  await rewrite(path.join(folder, 'manifest.json'), (text) => {
    const manifest = JSON.parse(text) as ArchiveManifest
    const files = manifest.files.map((file) =>
      file.name === name ? { name, bytes: bytes.length, sha256: sha256Hex(bytes) } : file,
    )
    return JSON.stringify({ ...manifest, files })
  })
}

async function refused(folder: string, why: RegExp): Promise<void> {
  const target = await configIn(dir, 'target')
  await assert.rejects(restoreFrom(target, folder), why)
  await withStoresOf(target, async ({ warehouse }) => {
    const tables = await warehouse.select('SELECT name FROM system.tables WHERE database = currentDatabase()')
    assert.deepEqual(tables, [], 'something was written before it was refused')
  })
}

const ledger = 'ledger-000000.ndjson'
const cells = 'cells-000000.ndjson'

test('a changed, shortened or missing file, or no manifest: refused by name', async () => {
  await refused(
    await harmed((to) => rewrite(path.join(to, cells), (text) => text.replace('"events":"', '"events":"1'))),
    /cells-000000.ndjson is not the file that was exported/,
  )
  await refused(
    await harmed((to) => rewrite(path.join(to, ledger), (text) => text.slice(0, -10))),
    /ledger-000000.ndjson is not the file/,
  )
  await refused(
    await harmed((to) => rm(path.join(to, cells))),
    /cells-000000.ndjson of the export cannot be read \(ENOENT\)/,
  )
  await refused(await harmed((to) => rm(path.join(to, 'manifest.json'))), /one without a manifest was not finished/)
})

test('a ledger with another entry, one less or one left out: refused, also when every SHA-256 is made to fit', async () => {
  const lines = (text: string) => text.split('\n').slice(0, -1)
  await refused(
    await harmed((to) => forge(to, ledger, (text) => text.replace('"study"', '"other"'))),
    /entry \d+ was changed after it was written/,
  )
  await refused(
    await harmed((to) => forge(to, ledger, (text) => `${lines(text).slice(0, -1).join('\n')}\n`)),
    /ends with entry \d+, and the manifest says/,
  )
  await refused(
    await harmed((to) => forge(to, ledger, (text) => `${lines(text).toSpliced(1, 1).join('\n')}\n`)),
    /entry 1 is missing/,
  )
  const chained = (text: string) => {
    const [first, ...rest] = lines(text).map((line) => JSON.parse(line) as LedgerEntry)
    const { hash: _, ...entry } = { ...first!, at: '2026-01-01T00:00:00.000Z' }
    return [{ ...entry, hash: entryHash(entry) }, ...rest].map((one) => `${JSON.stringify(one)}\n`).join('')
  }
  await refused(await harmed((to) => forge(to, ledger, chained)), /entry 1 does not follow the entry 0/)
})

test('a release that is not the one of the ledger, missing, or one too many: refused', async () => {
  const folder = 'releases/usage/2026-11-28'
  await refused(
    await harmed((to) => forge(to, `${folder}/release.csv`, (text) => text.replace('"a"', '"b"'))),
    /release.csv of the export is not what its ledger says/,
  )
  const without = (text: string) => {
    const manifest = JSON.parse(text) as ArchiveManifest
    return JSON.stringify({ ...manifest, files: manifest.files.filter(({ name }) => !name.startsWith(folder)) })
  }
  await refused(
    await harmed((to) => rewrite(path.join(to, 'manifest.json'), without)),
    /is missing in the export, and its ledger names it/,
  )
  const more = async (to: string) => {
    await cp(path.join(to, folder), path.join(to, 'releases/usage/2026-11-01'), { recursive: true })
    await rewrite(path.join(to, 'manifest.json'), (text) => {
      const manifest = JSON.parse(text) as ArchiveManifest
      const extra = manifest.files.filter(({ name }) => name.startsWith(folder))
      const files = extra.map((file) => ({ ...file, name: file.name.replace('11-28', '11-01') }))
      return JSON.stringify({ ...manifest, files: [...manifest.files, ...files] })
    })
  }
  await refused(await harmed(more), /no release of its ledger has it/)
})

test('names that lead out of the folder, or into statements: refused before a file is opened', async () => {
  const named = (change: (manifest: ArchiveManifest) => object) =>
    harmed((to) =>
      rewrite(path.join(to, 'manifest.json'), (text) => JSON.stringify(change(JSON.parse(text) as ArchiveManifest))),
    )
  const file = { bytes: 1, sha256: 'a'.repeat(64) }
  await refused(
    await named((one) => ({ ...one, files: [{ ...file, name: '../../etc/passwd' }] })),
    /the file "..\/..\/etc\/passwd"/,
  )
  await refused(await named((one) => ({ ...one, dimensions: ['a String, b'] })), /a dimension or measure/)
  await refused(await named((one) => ({ ...one, version: 2 })), /it has version 2/)
  await refused(
    await harmed((to) => forge(to, cells, (text) => text.replace('"events":"', '"events":"x'))),
    /a line of cells-000000.ndjson is no cell|no cell/,
  )
})

test('the control: unharmed it is restored into the same place, and into nothing that is not empty', async () => {
  const target = await configIn(dir, 'target')
  await restoreFrom(target, whole)
  await assert.rejects(restoreFrom(target, whole), /not empty: its table cells has \d+ rows.*HEADCOUNT_DATA_DIR/)
  await assert.rejects(restoreFrom(source, whole), /not empty/)
  const started = await configIn(dir, 'started')
  await withRunning(started, stoppedAt, async () => undefined)
  await assert.rejects(restoreFrom(started, whole), /not empty/)
})

test('with something open nothing is exported unless it is said what becomes of it; what is left out is told', async () => {
  const folder = path.join(dir, 'refused')
  await assert.rejects(exportTo(source, folder, false), /still open: day:2026-12-02, month:2026-12-01, week:2026-11-30/)
  assert.deepEqual((await readdir(dir)).includes('refused'), false)
  const manifest = JSON.parse(await readFile(path.join(whole, 'manifest.json'), 'utf8')) as ArchiveManifest
  assert.deepEqual(manifest.leftOut, ['day:2026-12-02', 'month:2026-12-01', 'week:2026-11-30'])
  assert.ok(!(await readFile(path.join(whole, cells), 'utf8')).includes(String(Date.parse('2026-12-02') / 1000)))
  await assert.rejects(exportTo(source, whole), /is not empty; name a folder that is not there yet/)
})
