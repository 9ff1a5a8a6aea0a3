/**
 * `npm run utility`: the measured error of releases against the formula, on generated cells and on the sample access log. It
 * prints tables, and writes the plot and the table of infra/releases.md. The same seed gives the same figures.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { ReleaseSpecification } from '../../services/release/release-types.ts'
import { specificationsOf } from '../../services/release/specification.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { seededRandom } from '../services/release/seeded-random.ts'
import { errorPicture } from './error-picture.ts'
import { errorTable, withTable } from './error-table.ts'
import { measureMultiplied, measureSmall, readAccessLogCatalogue } from './measure-access-log.ts'
import { measureCells, measureGenerated } from './measure-error.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    draws: { type: 'string', default: '20000' },
    /** Prints only. */
    'dry-run': { type: 'boolean', default: false },
  },
})
const seed = values.seed
const draws = Number(values.draws)
const fileOf = (name: string) => fileURLToPath(new URL(`../../infra/${name}`, import.meta.url))

const specification = specificationsOf(readCatalogue(''))[0] as ReleaseSpecification
const small = readAccessLogCatalogue('catalogue-small-release.yaml').specification
const generated = [200, 1000, 10_000, 100_000].flatMap((devices) =>
  measureGenerated(specification, { devices, eventsPerDevice: 3, draws }, seededRandom(`${seed} ${devices}`)),
)
const real = await measureMultiplied(seed, draws)
const table = errorTable([
  ...generated.map((errors) => ({ data: 'generated' as const, errors })),
  ...real.map((errors) => ({ data: 'sample log' as const, errors })),
])
process.stdout.write(`By the default levels, ${draws} draws of each row:\n\n${table}\n\n`)

const sections = await measureSmall(seed, draws)
process.stdout.write('The sample log as it is, by the small-installation profile (sections of 40 devices or more):\n\n')
process.stdout.write('| day | section | devices | within C = 1 | published (formula) | error / σ |\n')
process.stdout.write('| --- | --- | --- | --- | --- | --- |\n')
for (const { day, section, devices, bounded, errors } of sections.filter((one) => one.bounded >= 40)) {
  const { published, publishedByFormula, deviceErrors } = errors
  const error = deviceErrors.count < 200 ? '–' : deviceErrors.rms.toFixed(1)
  const rates = [published, publishedByFormula].map((rate) => `${(100 * rate).toFixed(1)} %`)
  process.stdout.write(
    `| ${day} | ${section} | ${devices} | ${bounded} | ${rates[0]} (${rates[1]}) | ${error} / ${deviceErrors.sigma.toFixed(1)} |\n`,
  )
}
const kept = (of: 'devices' | 'bounded') => sections.reduce((sum, one) => sum + one[of], 0)
process.stdout.write(
  `\nOf ${kept('devices')} devices of sections, ${kept('bounded')} count within C = 1: a device counts in one section of a day.\n`,
)

const nearThreshold = [false, true].flatMap((isSmall) => {
  const one = isSmall ? small : specification
  const middle = isSmall ? 70 : 184
  return [-60, -40, -30, -20, -10, 0, 10, 20, 30, 40, 60]
    .map((step) => middle + (isSmall ? Math.round(step / 2) : step))
    .map((devices) => {
      const by = one.levels[0]?.by ?? []
      const cells = Array.from({ length: draws / 10 }, (_, at) => ({
        values: by.map(() => String(at)),
        devices,
        sums: [0n],
      }))
      const random = seededRandom(`${seed} near ${isSmall} ${devices}`)
      return { devices, isSmall, published: measureCells(one, 'leaf', cells, 1, random).published }
    })
})

if (!values['dry-run']) {
  writeFileSync(
    fileOf('pictures/release-error.svg'),
    errorPicture({ specification, small, generated, real, nearThreshold }),
  )
  writeFileSync(fileOf('releases.md'), withTable(readFileSync(fileOf('releases.md'), 'utf8'), table))
  process.stdout.write('\nWritten: infra/pictures/release-error.svg, the table of infra/releases.md\n')
}
