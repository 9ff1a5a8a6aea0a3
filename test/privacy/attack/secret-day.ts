/** A day with 200 secret bits in it, and what is published of it as equations for them. */
import type { RandomSource } from '../../../services/release/release-types.ts'
import { toNumber } from '../../../shared/fraction.ts'
import type { Cells } from './mechanism.ts'
import { cell, type PublishedRow, rowKey } from './scene.ts'
import { specification } from './sybil-scene.ts'

export const bits = 200
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

export function drawSecrets(random: RandomSource): Secrets {
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
export function columnsOf({ cells }: Secrets): Column[] {
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

export function cellsOf(columns: readonly Column[], secrets: readonly boolean[]): Cells {
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
export function equationsOf(columns: readonly Column[], rows: readonly PublishedRow[], exact: boolean): Equation[] {
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
