import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { fastify } from 'fastify'
import { specificationsOf } from '../../../../services/release/specification.ts'
import { guessingOdds } from '../../../../services/reporting/partner-guide/guessing-odds.ts'
import { guideDatasets, guideLosses } from '../../../../services/reporting/partner-guide/guide-numbers.ts'
import { addPartnerGuide, partnerGuidePage } from '../../../../services/reporting/partner-guide/partner-guide-page.ts'
import { parseCatalogue, readCatalogue } from '../../../../shared/catalogue-file.ts'
import { fraction } from '../../../../shared/fraction.ts'

const own = parseCatalogue(
  `
version: "7 <b>"
title: A & B
releases: { rho: 1/50, k: 30, publishAfterHours: 48 }
features: [{ id: a, title: A }]
dimensions: [{ id: feature, title: Feature, from: feature }]
measures: [{ id: cpu, title: Cores, unit: cores, min: 0, max: 100 }]
datasets:
  - id: usage
    title: Usage
    dimensions: [feature]
    measures: [cpu]
    audience: partners
    release:
      - { level: section, by: [feature], cells: 3, events: 5, measures: { cpu: 40 }, share: 1/2 }
      - { level: all, events: 9, measures: { cpu: 90 }, share: 1/2 }
`,
  'own.yaml',
)

/** What a page must not have: scripts, handlers, style outside its sheet, and addresses elsewhere. */
const forbidden = [
  /<script/i,
  /\son\w+=/i,
  /\sstyle=/i,
  /javascript:/i,
  /(?:src|href)="(?!\/)/i,
  /@import|url\(/i,
  /<(?:link|iframe|img)/i,
]

describe('the partner guide', () => {
  it('has the noise, thresholds and bounds of the running catalogue', () => {
    const page = partnerGuidePage(own)
    const [specification] = specificationsOf(own)
    const [dataset] = guideDatasets(own)
    assert.ok(specification && dataset)
    for (const [index, level] of dataset.levels.entries()) {
      const threshold: number = Number(specification.levels[index]?.threshold)
      assert.equal(level.smallestDevices, threshold + 29)
      assert.ok(Math.abs(level.halfDevices - 1.96 * level.sigmaDevices) <= 1)
      for (const text of [`± ${level.halfDevices}<`, `>${level.smallestDevices}<`, `>${level.cellsMax}<`])
        assert.ok(page.includes(text), text)
      for (const { half, smallest, unitMax } of level.sums)
        for (const text of [`± ${half.toLocaleString('en')}<`, `>${smallest.toLocaleString('en')}<`, `>${unitMax}<`])
          assert.ok(page.includes(text), text)
    }
    for (const text of ['48 hours', 'fewer than 30 devices', 'level section', '7 &#60;b&#62;', 'A &#38; B', 'cores'])
      assert.ok(page.includes(text), text)
    for (const { epsilon } of guideLosses(own)) assert.ok(page.includes(`>${epsilon.toFixed(2)}<`))
    assert.ok(!partnerGuidePage(readCatalogue('')).includes('48 hours'), 'another catalogue gives another page')
  })

  it('has no script, no style outside its sheet, and nothing from elsewhere', () => {
    const page = partnerGuidePage(readCatalogue(''))
    // A name space is no address that is fetched.
    const fetched = page.replace('xmlns="http://www.w3.org/2000/svg"', '')
    for (const pattern of [...forbidden, /https?:\/\//]) assert.doesNotMatch(fetched, pattern)
    const planted = '<script>1</script><a href="https://x" onclick="1" style="1"><img src="//x">javascript:1 url(x)'
    for (const pattern of forbidden) assert.match(planted, pattern)
  })

  it('is served to anybody, under a policy that allows its own style sheet only', async () => {
    const app = fastify()
    addPartnerGuide(app, own)
    const answer = await app.inject('/partner/guide')
    await app.close()
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
    const [, sheet = '', ...more] = answer.body.split(/<style>|<\/style>/)
    assert.equal(more.length, 1, 'one sheet')
    const hash = createHash('sha256').update(sheet).digest('base64')
    const policy = String(answer.headers['content-security-policy'])
    assert.match(policy, /^default-src 'none';/)
    assert.ok(policy.includes(`style-src 'sha256-${hash}';`))
  })

  it('says so where nothing is released', () => {
    const none = parseCatalogue(
      'version: "1"\nfeatures: [{ id: a, title: A }]\ndimensions: [{ id: feature, title: F, from: feature }]\ndatasets: [{ id: u, title: U, dimensions: [feature] }]',
      'none.yaml',
    )
    assert.match(partnerGuidePage(none), /releases nothing to partners/)
  })

  it('tells how often a guess can be right: the figures of the privacy design', () => {
    assert.equal(guessingOdds(fraction(0)).toFixed(6), '0.500000')
    assert.equal(guessingOdds(fraction(6, 1000)).toFixed(3), '0.522')
    assert.equal(guessingOdds(fraction(15, 1000)).toFixed(3), '0.535')
    assert.equal(guessingOdds(fraction(2)).toFixed(6), '0.841345')
  })
})
