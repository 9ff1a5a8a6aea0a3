/** What `drawRelease` does to cells of known size, over many draws: how far off, how often published, how often covered. */
import { drawRelease } from '../../services/release/draw-release.ts'
import { boundsToNumber } from '../../services/release/fixed-point.ts'
import { gaussianTail } from '../../services/release/gaussian-tail.ts'
import type {
  ExactCell,
  LevelParameters,
  RandomSource,
  ReleaseSpecification,
} from '../../services/release/release-types.ts'
import { toNumber } from '../../shared/fraction.ts'

/** Of the 95 % interval, as the manifest has it. */
export const z95 = 1.96

/** Errors of one column: published minus exact. */
export class Errors {
  count = 0
  #sum = 0
  #squares = 0
  #covered = 0
  readonly #half: number
  /** Of the noise, by the formula. */
  readonly sigma: number

  constructor(sigma: number) {
    this.sigma = sigma
    this.#half = z95 * sigma
  }

  add(error: number): void {
    this.count++
    this.#sum += error
    this.#squares += error * error
    if (Math.abs(error) <= this.#half) this.#covered++
  }

  get mean(): number {
    return this.#sum / this.count
  }

  /** Root of the mean squared error: the noise, and the bias of what is published only when its noise is high. */
  get rms(): number {
    return Math.sqrt(this.#squares / this.count)
  }

  /** Part of the rows whose interval has the exact value. */
  get coverage(): number {
    return this.#covered / this.count
  }
}

export interface CellErrors {
  readonly level: string
  /** Devices of the exact cell; the mean where cells of several sizes are taken together. */
  readonly devices: number
  readonly eventsOfCell: number
  readonly cells: number
  readonly draws: number
  readonly published: number
  /** By the exact tail of the noise. */
  readonly publishedByFormula: number
  readonly deviceErrors: Errors
  /** Of the rows whose events are not withheld. */
  readonly eventErrors: Errors
}

/** Every level's cell of `devices` devices and `eventsPerDevice` times as many events, `draws` times. */
export function measureGenerated(
  specification: ReleaseSpecification,
  { devices, eventsPerDevice, draws }: { devices: number; eventsPerDevice: number; draws: number },
  random: RandomSource,
): CellErrors[] {
  return specification.levels.map(({ level, by }) => {
    const sums = [BigInt(devices * eventsPerDevice)]
    // The total has one cell a release; other levels take as many as there are draws.
    const perRelease = by.length === 0 ? 1 : draws
    const cells = Array.from({ length: perRelease }, (_, at) => ({ values: by.map(() => String(at)), devices, sums }))
    return measureCells(specification, level, cells, draws / perRelease, random)
  })
}

/** Cells of one level together, in so many releases. */
export function measureCells(
  specification: ReleaseSpecification,
  level: string,
  cells: readonly ExactCell[],
  releases: number,
  random: RandomSource,
): CellErrors {
  const parameters = specification.levels.find((one) => one.level === level) as LevelParameters
  const sigmaOf = (variance: LevelParameters['varianceDevices']) => Math.sqrt(toNumber(variance))
  const deviceErrors = new Errors(sigmaOf(parameters.varianceDevices))
  const eventErrors = new Errors(sigmaOf((parameters.sums[0] as LevelParameters['sums'][number]).variance))
  const places = specification.dimensions.map((id) => parameters.by.indexOf(id)).filter((place) => place >= 0)
  const exact = new Map(cells.map((cell) => [places.map((place) => cell.values[place]).join('\0'), cell]))
  for (let release = 0; release < releases; release++) {
    for (const row of drawRelease(new Map([[level, cells]]), specification, random)) {
      const cell = exact.get(row.values.filter((value) => value !== null).join('\0')) as ExactCell
      deviceErrors.add(Number(row.devices) - cell.devices)
      const events = row.sums[0]
      if (typeof events === 'bigint') eventErrors.add(Number(events - (cell.sums[0] as bigint)))
    }
  }
  const mean = (of: (cell: ExactCell) => number) => cells.reduce((sum, cell) => sum + of(cell), 0) / cells.length
  const rateOf = publicationRate(parameters, specification.k)
  const rates = new Map<number, number>()
  return {
    level,
    devices: mean(({ devices }) => devices),
    eventsOfCell: mean(({ sums }) => Number(sums[0])),
    cells: cells.length,
    draws: cells.length * releases,
    published: deviceErrors.count / (cells.length * releases),
    publishedByFormula: mean(({ devices }) => {
      const known = rates.get(devices) ?? rateOf(devices)
      rates.set(devices, known)
      return known
    }),
    deviceErrors,
    eventErrors,
  }
}

/** How often a cell of so many devices is published: Pr[Z >= T - max(0, devices - (k - 1))], 0 below k. */
export function publicationRate(
  { varianceDevices, threshold }: LevelParameters,
  k: number,
): (devices: number) => number {
  const tail = gaussianTail(varianceDevices)
  return (devices) => (devices < k ? 0 : boundsToNumber(tail.atLeast(threshold - BigInt(devices - (k - 1)))))
}
