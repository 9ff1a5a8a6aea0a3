import assert from 'node:assert/strict'
import { test } from 'node:test'
import { specificationsOf } from '../../services/release/specification.ts'
import { CatalogueError } from '../../shared/catalogue-field.ts'
import { parseCatalogue } from '../../shared/catalogue-file.ts'

const withRho = (rho: string, share = '1') => `version: "1"
releases: { rho: ${rho} }
features: [{ id: a, title: A }]
dimensions: [{ id: feature, title: Feature, from: feature }]
datasets:
  - id: usage
    title: Usage
    dimensions: [feature]
    audience: partners
    release:
      - { level: leaf, by: [feature], cells: 2, events: 8, share: ${share} }
`

test('a level that is left so little of the budget that nothing could be published is a mistake at start-up', () => {
  for (const text of [withRho('4e-9'), withRho('1/100', '1/4000000')])
    assert.throws(
      () => parseCatalogue(text, 'my.yaml'),
      (error) => {
        assert.ok(error instanceof CatalogueError)
        assert.match(error.message, /^The catalogue has mistakes:\nmy\.yaml:11: the level leaf .* a larger `share`/)
        return true
      },
    )
})

test('and what is let through has noise and a threshold, up to the limit', () => {
  // σ² = 2 / 5e-9 = 4e8.
  const [specification] = specificationsOf(parseCatalogue(withRho('5e-9'), 'my.yaml'))
  assert.equal(specification?.levels[0]?.varianceDevices.numerator, 400_000_000n)
  assert.ok((specification?.levels[0]?.threshold ?? 0n) > 100_000n)
})
