import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parseCatalogue } from '../../../shared/catalogue-file.ts'
import { dayMs } from '../../../shared/window.ts'
import { followsFrom, followsFromAll, isOf, type LinkedReport, type Way } from './linked-world.ts'
import { ReportingFixture } from './reporting-fixture.ts'

const k = 5
const seeds = Array.from({ length: 80 }, (_, seed) => seed)

const head = `
version: linked-1
title: Tests
k: 5
features: [{ id: a, title: A }, { id: b, title: B }, { id: c, title: C }]
dimensions:
  - { id: feature, title: Feature, from: feature }
  - { id: version, title: Version, from: event, values: ["1", "2", "3", "4"] }
  - { id: variant, title: Variant, from: event, values: [open, enterprise] }
  - { id: provider, title: Provider, from: event, values: [aws, gcp, azure] }
  - { id: source, title: Source, from: event, values: [cli, ui] }
datasets:
  - { id: usage, title: Usage, dimensions: [feature, version], audience: analysts }
`

const catalogues: Record<string, string> = {
  'one value of a feature': `
  - { id: deployments, title: D, dimensions: [provider, version, variant], when: { feature: [a] }, audience: analysts }`,
  'two features, of several and of one value, and one with no dimension in common': `
  - { id: some, title: S, dimensions: [version, provider], when: { feature: [a, b] }, audience: analysts }
  - { id: few, title: F, dimensions: [variant], when: { feature: [c] }, audience: analysts }
  - { id: sources, title: T, dimensions: [source], audience: analysts }`,
  'the parent has dimensions that the child has not': `
  - { id: wide, title: W, dimensions: [feature, source, version], audience: analysts }
  - { id: deployments, title: D, dimensions: [version, provider], when: { feature: [b] }, audience: analysts }`,
}

const values: Record<string, string[]> = {
  feature: ['a', 'b', 'c'],
  version: ['1', '2', '3', '4'],
  variant: ['open', 'enterprise'],
  provider: ['aws', 'gcp', 'azure'],
  source: ['cli', 'ui'],
}

/** Reports of up to 30 senders, of which most keep to few combinations; the same for the same seed. */
function made(seed: number): LinkedReport[] {
  let state = seed * 7919 + 1
  const below = (count: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * count)
  }
  const senders = 8 + below(23)
  const combinations = Array.from({ length: 3 + below(22) }, () =>
    Object.fromEntries(Object.entries(values).map(([id, some]) => [id, some[Math.min(below(some.length), below(5))]!])),
  )
  return combinations.flatMap((of) =>
    Array.from({ length: 1 + below(12) }, () => ({ sender: below(senders), events: 1 + below(6), of })),
  )
}

describe('datasets that count the same events', () => {
  for (const [name, datasets] of Object.entries(catalogues)) {
    const catalogue = parseCatalogue(head + datasets, 'linked.yaml')

    const givingAway = (way: Way) => seeds.filter((seed) => followsFromAll(made(seed), catalogue, k, way).length > 0)

    it(`${name}: an analyst who has all answers of all datasets solves for no cell under k`, () => {
      assert.deepEqual(givingAway('linked'), [])
    })

    it(`${name}: the control: each dataset settled for itself gives some away`, () => {
      assert.ok(givingAway('apart').length > 0)
    })

    it(`${name}: the control: where the child hides what it is given and nothing for it, some follow`, () => {
      assert.ok(givingAway('given').length > 0)
    })
  }
})

describe('what the API tells of datasets that count the same events', () => {
  const text = head + Object.values(catalogues)[1]
  const fixture = new ReportingFixture(text)
  const { catalogue } = fixture
  const dayOf = (seed: number) => new Date(Date.parse('2026-08-03') + seed * dayMs).toISOString().slice(0, 10)
  const days = seeds.filter((seed) => followsFromAll(made(seed), catalogue, k, 'apart').length > 0).slice(0, 12)

  before(async () => {
    await fixture.open()
    for (const seed of days)
      for (const dataset of catalogue.datasets) {
        const own = made(seed).filter((report) => isOf(report, dataset))
        const seen = own.map(({ sender, of, events }) => ({ unit: sender, cell: of, events }))
        await fixture.insertFinal(dataset.id, 'day', `${dayOf(seed)}T00:00:00Z`, seen)
      }
  })
  after(() => fixture.close())

  const shownIn = async (first: string): Promise<Set<string>> => {
    const shown = new Set<string>()
    for (const { id, dimensions } of catalogue.datasets)
      for (let mask = 0; mask < 2 ** dimensions.length; mask++) {
        const by = dimensions.filter((_, at) => mask & (1 << at)).join()
        const query = { dataset: id, metrics: 'events', grain: 'day', by, from: first, to: '2026-11-23' }
        const answer = await fixture.get(`/api/v1/usage?${new URLSearchParams(query)}`)
        assert.equal(answer.statusCode, 200, answer.body)
        for (const [window, ...row] of answer.json().rows)
          shown.add(`${window.slice(0, 10)}/${id}/${mask}/${JSON.stringify(row.slice(0, -1))}`)
      }
    return shown
  }

  it('an analyst who has asked for every cell of a day of every dataset solves for none under k, first and again', async () => {
    for (const _ of ['first', 'again']) {
      const shown = await shownIn('2026-08-03')
      assert.ok(shown.size > 100, `${shown.size} shown`)
      for (const seed of days) {
        const isShown = (id: string, mask: number, key: string) => shown.has(`${dayOf(seed)}/${id}/${mask}/${key}`)
        assert.deepEqual(followsFrom(made(seed), catalogue, k, isShown), [], `seed ${seed}`)
      }
    }
  })
})
