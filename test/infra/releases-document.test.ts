/** Numbers in the documents about releases are those that the code computes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { smallestPublishedSum } from '../../services/release/dominance.ts'
import type { LevelParameters } from '../../services/release/release-types.ts'
import { specificationsOf } from '../../services/release/specification.ts'
import { type GuideLevel, guideDatasets, guideLosses } from '../../services/reporting/partner-guide/guide-numbers.ts'
import { noisePictureFile } from '../../services/reporting/partner-guide/noise-picture.ts'
import { parseCatalogue, readCatalogue } from '../../shared/catalogue-file.ts'
import { divide, fraction, toNumber } from '../../shared/fraction.ts'

const fileOf = (name: string) => readFileSync(fileURLToPath(new URL(`../../infra/${name}`, import.meta.url)), 'utf8')
const releases = fileOf('releases.md')
const guide = fileOf('partner-guide.md')
const catalogue = readCatalogue('')
const [specification] = specificationsOf(catalogue)
const [dataset] = guideDatasets(catalogue)
const sigma = (variance: LevelParameters['varianceDevices']) => Math.sqrt(toNumber(variance)).toFixed(1)
const whole = (value: number) => value.toLocaleString('en')

/** Rows of the first table under a heading, by their first cell. */
function tableUnder(document: string, heading: string): Map<string, string[]> {
  const section = document
    .slice(document.indexOf(`\n${heading}\n`))
    .split('\n')
    .slice(2)
  const from = section.findIndex((line) => line.startsWith('|'))
  const lines = section.slice(from)
  const end = lines.findIndex((line) => !line.startsWith('|'))
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  return new Map(lines.slice(2, end).map((line) => [cells(line)[0] ?? '', cells(line).slice(1)]))
}

/** The YAML block under a heading, with what a whole catalogue needs. */
function catalogueUnder(heading: string) {
  const section = releases.slice(releases.indexOf(`\n${heading}\n`))
  const block = /```yaml\n([\s\S]*?)```/.exec(section)?.[1] ?? ''
  return parseCatalogue(
    `version: "1"\nfeatures: [{ id: a, title: A }]\ndimensions:\n  - { id: feature, title: F, from: feature }\n  - { id: version, title: V, from: event, values: ["1"] }\n${block}`,
    heading,
  )
}

describe('infra/releases.md', () => {
  it('has the default numbers that the code computes, all levels of them', () => {
    const table = tableUnder(releases, '## The default numbers')
    assert.equal(table.size, specification?.levels.length)
    for (const [index, level] of (specification?.levels ?? []).entries()) {
      const of = dataset?.levels[index] as GuideLevel
      const events = level.sums[0] as LevelParameters['sums'][number]
      assert.deepEqual(table.get(level.level), [
        String(toNumber(level.rhoDevices)),
        String(level.cellsMax),
        sigma(level.varianceDevices),
        String(level.threshold),
        String(of.smallestDevices),
        `± ${of.halfDevices}`,
        String(events.unitMax),
        sigma(events.variance),
        String(of.sums[0]?.smallest),
      ])
    }
  })

  it('shows a catalogue that gives them, and a small one that gives what is said about it', () => {
    const shown = specificationsOf(catalogueUnder('## In the catalogue'))[0]
    assert.deepEqual(shown?.levels, specification?.levels)
    const small = specificationsOf(catalogueUnder('## A small installation'))[0]?.levels[0] as LevelParameters
    assert.equal(sigma(small.varianceDevices), '8.2')
    assert.equal(small.threshold, 51n)
    const told = guideDatasets(catalogueUnder('## A small installation'))[0]?.levels[0]
    assert.equal(told?.halfDevices, 17)
    assert.equal(told?.sums[0]?.smallest, 215)
    const [events] = small.sums as [LevelParameters['sums'][number]]
    const variance = divide(events.variance, fraction(16))
    assert.equal(smallestPublishedSum({ unitMax: 2n, variance }), 54n)
  })

  it('states the loss of a day, of two identifiers, of 30 days and of a year', () => {
    const table = [...tableUnder(releases, '## What protects whom').values()].map(([epsilon]) => epsilon)
    assert.deepEqual(
      table,
      guideLosses(catalogue).map(({ epsilon }) => epsilon.toFixed(2)),
    )
  })
})

describe('infra/partner-guide.md', () => {
  it('has the widths of the noise that the code computes', () => {
    const table = tableUnder(guide, '## How wide the noise is')
    for (const level of dataset?.levels ?? []) {
      const percent = [200, 1000, 10_000, 100_000].map((devices) => {
        const part = (196 * level.sigmaDevices) / devices
        return devices < level.smallestDevices ? 'rare' : `${part >= 10 ? part.toFixed(0) : part.toPrecision(2)} %`
      })
      const events = `± ${whole(level.sums[0]?.half ?? 0)}`
      assert.deepEqual(table.get(level.level), [`± ${level.halfDevices}`, ...percent, events])
    }
  })

  it('has the smallest numbers, the bounds and what is promised', () => {
    const [leaf, parent, total] = (dataset?.levels ?? []) as [GuideLevel, GuideLevel, GuideLevel]
    const words = guide.replace(/\s+/g, ' ')
    const smallest = [leaf, parent].map(({ sums }) => whole(sums[0]?.smallest ?? 0))
    for (const text of [
      `${leaf.smallestDevices} devices at a leaf, ${parent.smallestDevices} at a parent, ${total.smallestDevices} in the total`,
      `${smallest[0]} events at a leaf, ${smallest[1]} at a parent`,
      `at most ${leaf.cellsMax} leaf cells and ${parent.cellsMax} parent cells`,
      `at most ${leaf.sums[0]?.unitMax} events count in a leaf cell, ${parent.sums[0]?.unitMax} in a parent`,
      `below ${leaf.unflaggedFrom} devices at a leaf`,
      `between ${whole(1000 - leaf.halfDevices)} and ${whole(1000 + leaf.halfDevices)}`,
      `fewer than ${catalogue.releases.k} devices`,
      `${catalogue.releases.publishAfterHours} hours after the day's end`,
    ])
      assert.ok(words.includes(text), text)
    const promised = [...tableUnder(guide, '## What is promised').values()]
    assert.deepEqual(
      promised,
      guideLosses(catalogue).map(({ epsilon, odds }) => [epsilon.toFixed(2), (100 * odds).toFixed(1)]),
    )
  })

  it('has the picture that the code draws (npm run pictures draws it again)', () => {
    assert.equal(fileOf('pictures/noise.svg'), noisePictureFile(dataset?.levels ?? []))
  })
})
