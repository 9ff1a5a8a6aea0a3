import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PartnerFixture, tokens, usageRows } from '../../../partners/partner-fixture.ts'

describe('the preview of a release', () => {
  const fixture = new PartnerFixture()
  const ask = async (day: string, dataset: string) =>
    fixture.ask(`/api/v1/releases/${day}/${dataset}/preview`, tokens.analystToken)
  before(async () => {
    await fixture.open()
    await fixture.release('usage', '2026-11-23', usageRows)
    await fixture.release('usage', '2026-11-22', usageRows, 'SEALED')
  })
  after(() => fixture.close())

  it('has the published rows, the most devices first, each with the interval that the manifest states', async () => {
    const preview = (await ask('2026-11-23', 'usage')).json()
    assert.equal(preview.rows, usageRows.length)
    assert.deepEqual(
      preview.shown.map(({ devices }: { devices: number }) => devices),
      usageRows.map(({ devices }) => Number(devices)).sort((a, b) => b - a),
    )
    const { sha256 = '' } = (await fixture.ledger.state()).release('2026-11-23', 'usage') ?? {}
    const manifest = JSON.parse(String(await fixture.store.manifest('usage', '2026-11-23', sha256)))
    const [leaf] = manifest.intervals.halfWidth95
    const row = preview.shown.find(({ level }: { level: string }) => level === 'leaf')
    assert.deepEqual([row.halfWidth95, row.values], [leaf.devices, { feature: 'dashboard', version: '2.0' }])
    assert.ok(leaf.devices > 0)
  })

  it('has nothing of what is not published', async () => {
    for (const [day, dataset] of [
      ['2026-11-22', 'usage'],
      ['2026-11-23', 'variants'],
      ['2026-11-23', 'nothing'],
      ['x', 'usage'],
    ] as const)
      assert.equal((await ask(day, dataset)).statusCode, 404, `${day} ${dataset}`)
  })
})
