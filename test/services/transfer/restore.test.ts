/** An export restored is the same installation, as far as anybody can ask. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { ExportReport } from '../../../services/transfer/export-installation.ts'
import type { Config } from '../../../shared/config.ts'
import { answersOf, configIn, days, fillSource, tookOverAt, withRunning } from './filled-installation.ts'
import { exportTo, restoreFrom, withStoresOf } from './opened.ts'

const takenOver = new Date(tookOverAt).toISOString()

let dir: string
let source: Config
let key: string
let said: Record<string, string>
let exported: ExportReport
before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-transfer-'))
  source = await configIn(dir, 'source')
  key = await fillSource(source)
  said = await withRunning(source, takenOver, (running) => answersOf(running, key))
  exported = await exportTo(source, path.join(dir, 'export'))
})
after(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }))

const files = ({ manifest }: ExportReport) => manifest.files.filter(({ name }) => !name.startsWith('ledger-'))

test('there is something to compare: counts of every grain, and files of both releases', () => {
  const good = Object.entries(said).filter(([, answer]) => answer.startsWith('200 '))
  assert.equal(good.length, Object.keys(said).length)
  assert.ok(good.length > 30)
  assert.ok(Object.values(said).join().includes('2 \\"beta\\"'))
  assert.ok(exported.cells > 50 && exported.releases >= 2)
})

test('embedded to embedded: the same answers, the same bytes for partners, and a ledger that goes on from the same head', async () => {
  const target = await configIn(dir, 'target')
  const restored = await restoreFrom(target, path.join(dir, 'export'))
  assert.equal(restored.cells, exported.cells)
  assert.equal(restored.releases, exported.releases)
  await withRunning(target, takenOver, async (running) => {
    assert.deepEqual(await answersOf(running, key), said)
    const { seq, hash } = exported.manifest.ledger
    const verdict = await running.headcount.desk.verifyLedger(`${seq}:${hash}`)
    assert.deepEqual(verdict.problems, [])
    assert.ok(await running.headcount.worker.epochKeys.isClosed('month:2026-11-01'), 'what was final stays so')
  })
})

test('exported again, the files of counts and releases are the same, byte by byte', async () => {
  const again = await exportTo(await configIn(dir, 'target'), path.join(dir, 'again'))
  assert.deepEqual(files(again), files(exported))
})

test('days without a release are given up where it goes on; partners are revoked when asked for', async () => {
  const target = await configIn(dir, 'revoked')
  const { givenUp } = await restoreFrom(target, path.join(dir, 'export'), true)
  await withRunning(target, takenOver, async (running) => {
    const state = await running.headcount.ledger.state()
    // Those with releases keep them; today is the last that is given up.
    assert.deepEqual(givenUp.slice(-2), ['2026-12-01', '2026-12-02'])
    for (const day of givenUp) assert.ok(state.isUnsealed(day), day)
    for (const day of days) {
      assert.equal(state.release(day, 'usage')?.state, 'PUBLISHED')
      assert.equal(state.isUnsealed(day), false)
    }
    assert.ok(state.partners().length === 1 && state.partners().every(({ revokedAt }) => revokedAt !== undefined))
    const answers = Object.entries(await answersOf(running, key))
    const asked = (beginning: string) => answers.filter(([question]) => question.startsWith(beginning))
    assert.ok(asked('/partner').every(([, answer]) => answer.startsWith('401')))
    for (const [question, answer] of asked('/api')) assert.equal(answer, said[question])
  })
})

test('a catalogue without a dimension and a dataset: their counts are kept, the rest is answered, and all goes out again', async () => {
  const catalogue = path.join(dir, 'smaller.yaml')
  await writeFile(
    catalogue,
    `
version: "smaller"
k: 1
features: [{ id: a, title: A }, { id: b, title: B }]
dimensions: [{ id: feature, title: Feature, from: feature }]
datasets: [{ id: usage, title: Usage, dimensions: [feature] }]
`,
  )
  const target = await configIn(dir, 'smaller', { HEADCOUNT_CATALOGUE: catalogue })
  const restored = await restoreFrom(target, path.join(dir, 'export'))
  assert.deepEqual(restored.undeclared, ['versions'])
  await withRunning(target, takenOver, async ({ headcount }) => {
    const url = `${headcount.reportingUrl}/api/v1/usage?dataset=usage&by=feature&from=${days[0]}&to=2026-12-01`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${headcount.credentials.analystToken}` } })
    const { rows } = (await answer.json()) as { rows: unknown[] }
    assert.deepEqual(rows[0], ['2026-11-28T00:00:00Z', 'a', 120, 120])
  })
  assert.deepEqual(files(await exportTo(target, path.join(dir, 'smaller-export'))), files(exported))
})

test('the source has an entry of the export, and the target one of the same sha256', async () => {
  const events = async (config: Config, kind: string) =>
    withStoresOf(config, async ({ warehouse }) =>
      (await warehouse.select<{ event: string }>('SELECT event FROM ledger WHERE kind = {kind:String}', { kind })).map(
        ({ event }) => JSON.parse(event) as Record<string, string>,
      ),
    )
  const [made] = await events(source, 'transfer.exported')
  assert.deepEqual(made, { kind: 'transfer.exported', sha256: exported.sha256, to: 'ACME', case: 'T-1' })
  const [restored] = await events(await configIn(dir, 'target'), 'transfer.restored')
  assert.deepEqual(restored, { kind: 'transfer.restored', sha256: exported.sha256, from: exported.manifest.from })
})
