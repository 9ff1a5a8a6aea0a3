/** The short form of `npm run utility`: with another seed and fewer draws, against the formula and against the document. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ReleaseSpecification } from '../../services/release/release-types.ts'
import { specificationsOf } from '../../services/release/specification.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { seededRandom } from '../services/release/seeded-random.ts'
import { tableIn } from './error-table.ts'
import { measureMultiplied, measureSmall, multiples } from './measure-access-log.ts'
import { type CellErrors, type Errors, measureGenerated } from './measure-error.ts'

const seed = 'utility test'
const draws = 4000
/** Of the documented run. */
const documentedDraws = 20_000
const specification = specificationsOf(readCatalogue(''))[0] as ReleaseSpecification
const document = readFileSync(fileURLToPath(new URL('../../infra/releases.md', import.meta.url)), 'utf8')
const documented = tableIn(document)

/** One figure of 16,000 is further off; the seed is one with which none is. */
const standardErrors = 4
const near = (measured: number, expected: number, standardError: number, what: string) =>
  assert.ok(
    Math.abs(measured - expected) <= standardErrors * standardError,
    `${what}: ${measured}, not within ${standardErrors} × ${standardError} of ${expected}`,
  )
const ofPart = (part: number, count: number) => Math.sqrt((part * (1 - part)) / count)
/** Of a standard deviation that was measured on so many normal values. */
const ofSigma = (sigma: number, count: number) => sigma / Math.sqrt(2 * count)

const sizeOf = (text: string) => Number(text.replaceAll(',', ''))

function assertFormula(errors: Errors, what: string): void {
  near(errors.mean, 0, errors.sigma / Math.sqrt(errors.count), `mean error of ${what}`)
  near(errors.rms, errors.sigma, ofSigma(errors.sigma, errors.count), `deviation of ${what}`)
  near(errors.coverage, 0.95, ofPart(0.95, errors.count), `coverage of ${what}`)
}

const generated = [200, 1000, 10_000, 100_000].flatMap((devices) =>
  measureGenerated(specification, { devices, eventsPerDevice: 3, draws }, seededRandom(`${seed} ${devices}`)),
)

describe('the error of releases', () => {
  it('is that of the formula for cells well above the threshold, whatever their size', () => {
    const large = generated.filter(({ devices }) => devices >= 1000)
    assert.equal(large.length, 9)
    for (const { level, devices, published, deviceErrors, eventErrors } of large) {
      assert.equal(published, 1)
      assertFormula(deviceErrors, `devices of ${level} at ${devices}`)
      if (devices >= 10_000) assertFormula(eventErrors, `events of ${level} at ${devices}`)
    }
  })

  it('is told from noise that is a tenth too small', () => {
    const tooLittle = specification.levels.map((level) => {
      const { numerator, denominator } = level.varianceDevices
      return { ...level, varianceDevices: { numerator: numerator * 81n, denominator: denominator * 100n } }
    })
    const [leaf] = measureGenerated(
      { ...specification, levels: tooLittle },
      { devices: 10_000, eventsPerDevice: 3, draws },
      seededRandom(seed),
    )
    const { sigma } = (generated[0] as CellErrors).deviceErrors
    assert.throws(() => near(leaf?.deviceErrors.rms ?? 0, sigma, ofSigma(sigma, draws), 'deviation'), /not within/)
  })

  it('near the threshold a cell is published as often as the exact tail says, and then too large on average', () => {
    for (const { level, published, publishedByFormula, deviceErrors } of generated.slice(0, 3)) {
      near(published, publishedByFormula, ofPart(publishedByFormula, draws), `publication of ${level}`)
      assert.ok(deviceErrors.mean > 5)
    }
  })

  it('is in the document as it is measured, within the noise of both', async () => {
    const fewer = multiples.filter((copies) => copies <= 20)
    const real = await measureMultiplied(seed, draws, fewer)
    const rows = [
      ...generated.map((errors) => ({ data: 'generated', errors })),
      ...real.map((errors) => ({ data: 'sample log', errors })),
    ]
    const compared = new Set<string[]>()
    for (const { data, errors } of rows) {
      const { level, devices, published, deviceErrors } = errors
      const row = documented.find(
        ([of, at, size = '']) => of === data && at === level && Math.abs(sizeOf(size) / devices - 1) < 0.25,
      )
      assert.ok(row, `${data}: ${level} of ${Math.round(devices)} is not in the document`)
      // Near the threshold every device counts: rows of cells that are not the same size cannot be compared.
      if (published < 1 && sizeOf(row[2] ?? '') !== Math.round(devices)) continue
      compared.add(row)
      const [error = '', sigma = ''] = row[4]?.split(' / ') ?? []
      const noise = (of: number, each: (of: number, count: number) => number) =>
        Math.hypot(each(of, draws * published), each(of, documentedDraws * published))
      const rate = Number.parseFloat(row[3] ?? '') / 100
      near(published, rate, noise(published, ofPart) + 0.0005, `publication of ${level} at ${devices}`)
      assert.equal(sigma, deviceErrors.sigma.toFixed(1))
      near(deviceErrors.rms, Number(error), noise(deviceErrors.rms, ofSigma) + 0.05, `error of ${level} at ${devices}`)
    }
    assert.ok(compared.size >= 16, `${compared.size} rows of the document were compared`)
    assert.equal(documented.filter(([data]) => data === 'generated').length, 12)
  })

  it('lets something of the sample log pass by the small-installation profile, on every day', async () => {
    const sections = await measureSmall(seed, 400)
    const days = new Map<string, number>()
    for (const { day, errors } of sections) days.set(day, (days.get(day) ?? 0) + errors.published)
    assert.equal(days.size, 4)
    for (const [day, expected] of days) assert.ok(expected > 0.5, `${day}: ${expected} sections on average`)
    for (const { errors, section } of sections.filter(({ bounded }) => bounded >= 110))
      near(errors.deviceErrors.rms, errors.deviceErrors.sigma, ofSigma(errors.deviceErrors.sigma, 400), section)
    const kept = (of: 'devices' | 'bounded') => sections.reduce((sum, one) => sum + one[of], 0)
    assert.ok(
      document.includes(`${kept('bounded').toLocaleString('en')} of ${kept('devices').toLocaleString('en')} counts`),
    )
  })
})
