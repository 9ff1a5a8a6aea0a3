/**
 * Row 8: 200 secret bits from all cells of a day (Dinur, Nissim 2003). Device i was active iff its bit is 1; which cells
 * it would be in, and everybody else, the attacker knows. Linear programming and least squares, whichever does better.
 */
import type { RandomSource } from '../../../services/release/release-types.ts'
import { toNumber } from '../../../shared/fraction.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'
import { leastAbsolute, leastSquares } from './decoders.ts'
import { type Cells, type Mechanism, production, release } from './mechanism.ts'
import { judge } from './membership.ts'
import { cell, type PublishedRow, releaseExactly, rowKey } from './scene.ts'
import { specification } from './sybil-scene.ts'

const bits = 200
/** More cells than bits, so that exact ones have one solution. */
const features = 20
const versions = 20
const cellsPerDevice = 8
const sybils = 400
const eventsPerLeaf = 8

/** Versions of two features for each device: its 8 leaf cells, 2 parents and the total. */
interface Secrets {
  readonly bits: readonly boolean[]
  readonly cells: readonly (readonly (readonly [feature: number, version: number])[])[]
}

function drawSecrets(random: RandomSource): Secrets {
  const below = (bound: number) => Number(random.below(BigInt(bound)))
  return {
    bits: Array.from({ length: bits }, () => below(2) === 1),
    cells: Array.from({ length: bits }, () => {
      const first = below(features)
      const second = (first + 1 + below(features - 1)) % features
      return [first, second].flatMap((feature) => {
        const some = new Set<number>()
        while (some.size < cellsPerDevice / 2) some.add(below(versions))
        return [...some].map((version) => [feature, version] as const)
      })
    }),
  }
}

/** A published number as an equation: Σ of `weight` over `devices` with bit 1, over its noise's σ. */
export interface Equation {
  readonly devices: readonly number[]
  readonly weight: number
  readonly value: number
}

interface Column {
  readonly level: string
  readonly values: readonly string[]
  readonly members: readonly number[]
}

/** Every cell there can be, with the devices that would be in it. */
function columnsOf({ cells }: Secrets): Column[] {
  const leaf = new Map<string, number[]>()
  const parent = new Map<string, number[]>()
  const put = (into: Map<string, number[]>, key: string, device: number) => {
    const members = into.get(key) ?? []
    into.set(key, members)
    if (!members.includes(device)) members.push(device)
  }
  for (const [device, own] of cells.entries())
    for (const [feature, version] of own) {
      put(leaf, `f${feature} ${version}`, device)
      put(parent, `f${feature}`, device)
    }
  return [
    ...[...leaf].map(([key, members]) => ({ level: 'leaf', values: key.split(' '), members })),
    ...[...parent].map(([key, members]) => ({ level: 'parent', values: [key], members })),
    { level: 'total', values: [], members: cells.map((_, device) => device) },
  ]
}

/** Events that one device adds to a cell of a level; the sybils', too. */
const eventsIn = (level: string) => (level === 'leaf' ? eventsPerLeaf : (eventsPerLeaf * cellsPerDevice) / 2)

function cellsOf(columns: readonly Column[], secrets: readonly boolean[]): Cells {
  const all = new Map<string, ReturnType<typeof cell>[]>()
  for (const { level, values, members } of columns) {
    const devices = sybils + members.filter((device) => secrets[device]).length
    const own = all.get(level) ?? []
    all.set(level, own)
    own.push(cell(values, devices, devices * eventsIn(level)))
  }
  return all
}

/** @param sigmas of devices and events by level; 1 where numbers are exact */
function equationsOf(columns: readonly Column[], rows: readonly PublishedRow[], exact: boolean): Equation[] {
  const found = new Map(
    rows.map((row) => [
      rowKey(
        row.level,
        row.values.filter((one) => one !== null),
      ),
      row,
    ]),
  )
  return columns.flatMap(({ level, values, members }) => {
    const row = found.get(rowKey(level, values))
    const own = specification.levels.find((one) => one.level === level)
    if (!row || !own) return []
    const sigma = (variance: typeof own.varianceDevices) => (exact ? 1 : Math.sqrt(toNumber(variance)))
    const events = row.sums[0]
    const each = eventsIn(level)
    const ofDevices = sigma(own.varianceDevices)
    const equations = [{ devices: members, weight: 1 / ofDevices, value: (Number(row.devices) - sybils) / ofDevices }]
    if (events !== null && events !== undefined && own.sums[0]) {
      const s = exact ? each : sigma(own.sums[0].variance)
      equations.push({ devices: members, weight: each / s, value: (Number(events) - sybils * each) / s })
    }
    return equations
  })
}

/** Shares of bits that each decoder finds. */
export function decodedShares(
  publish: (cells: Cells) => readonly PublishedRow[],
  exact: boolean,
  random: RandomSource,
) {
  const secrets = drawSecrets(random)
  const columns = columnsOf(secrets)
  const equations = equationsOf(columns, publish(cellsOf(columns, secrets.bits)), exact)
  const share = (solution: Float64Array) =>
    secrets.bits.filter((bit, device) => (solution[device] as number) > 0.5 === bit).length / bits
  // Bits vary by 1/4 around their mean, and the noise of an equation by 1.
  return {
    squares: share(leastSquares(equations, bits, exact ? 1e-6 : 4)),
    program: share(leastAbsolute(equations, bits)),
  }
}

export function reconstruct(mechanism: Mechanism, runs: number, random: RandomSource, onRun: (done: number) => void) {
  let squares = 0
  let program = 0
  for (let run = 0; run < runs; run++) {
    const publish = (cells: Cells) => release(mechanism, cells, specification, random)()
    const shares = decodedShares(publish, false, random)
    squares += shares.squares / runs
    program += shares.program / runs
    onRun(run + 1)
  }
  return { squares, program }
}

async function run({ trials, random, onProgress }: AttackTools) {
  const own = reconstruct(production, trials, random, onProgress)
  const controls = Array.from({ length: 5 }, () =>
    decodedShares((cells) => releaseExactly(specification, cells), true, random),
  )
  const mean = (of: 'squares' | 'program') => controls.reduce((all, one) => all + one[of] / controls.length, 0)
  const best = Math.max(own.squares, own.program)
  const control = Math.min(mean('squares'), mean('program'))
  const judged = judge(best, toNumber(specification.rho), toNumber(specification.delta), trials * bits)
  return {
    trials,
    figure: best.toFixed(4),
    bound: `${judged.bound.toFixed(4)} + 4·${judged.error.toFixed(4)}`,
    controlFigure: control.toFixed(3),
    verdict: verdictOf(judged.within, control >= 0.95),
    detail: [
      `linear program ${own.program.toFixed(4)}, least squares ${own.squares.toFixed(4)} of ${bits} bits in ${trials} runs`,
      `exact cells: ${mean('program').toFixed(3)}, ${mean('squares').toFixed(3)}`,
    ],
  }
}

export const reconstruction: Attack = {
  id: 'reconstruction',
  name: `reconstruction of ${bits} bits from all cells`,
  trials: 200,
  trialsShort: 10,
  run,
}
