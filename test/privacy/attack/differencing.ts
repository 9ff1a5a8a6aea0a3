/**
 * Row 7: everything that a partner can get of a day, compared with everything else: one device more or less, totals minus
 * parts, day over day, several datasets, many pulls, a victim that reports everywhere. That CSV and NDJSON have the same
 * rows is checked with the worlds from the log (membership.ts). There are no share links yet; with them comes another
 * differencer.
 */
import type { RandomSource } from '../../../services/release/release-types.ts'
import { toNumber } from '../../../shared/fraction.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'
import { datasetScenes, hiddenCellScene, leafOnly } from './day-scenes.ts'
import { type Mechanism, production, release } from './mechanism.ts'
import { judge } from './membership.ts'
import { likelihoodRatio, type PublishedRow, releaseExactly, type Scene } from './scene.ts'
import { spreadAttacker } from './spread-attacker.ts'
import { specification, sybilScene } from './sybil-scene.ts'

/** Plays one world: whether the victim is in it, and what the attacker says. */
export type Differencer = (present: boolean, publish: Publish) => boolean

/** Releases one scene: gives a pull of it. */
export type Publish = (scene: Scene, present: boolean) => () => readonly PublishedRow[]

const pulls = 32
const totalEvidence = likelihoodRatio(sybilScene)
const datasetEvidence = datasetScenes.map((scene) => likelihoodRatio(scene))

export const differencers: Readonly<Record<string, Differencer>> = {
  'one device more': (present, publish) => totalEvidence(publish(sybilScene, present)()) > 0,
  'total minus parts': (present, publish) => {
    const rows = publish(hiddenCellScene, present)()
    const of = (level: string) => rows.filter((row) => row.level === level).map(({ devices }) => Number(devices))
    const rest = sum(of('total')) - sum(of('leaf'))
    const known = hiddenCellScene.without.get('leaf')?.at(-1)?.devices ?? 0
    return rest - known > 0.5
  },
  'day over day': (present, publish) => {
    const before = publish(sybilScene, false)()
    const after = publish(sybilScene, present)()
    return sum(after.map(devicesOf)) - sum(before.map(devicesOf)) > before.length / 2
  },
  'two datasets': (present, publish) =>
    sum(datasetScenes.map((scene, index) => datasetEvidence[index]?.(publish(scene, present)()) ?? 0)) > 0,
  'many pulls': (present, publish) => {
    const pull = publish(sybilScene, present)
    return sum(Array.from({ length: pulls }, () => totalEvidence(pull()))) > 0
  },
}

const devicesOf = ({ devices }: PublishedRow) => Number(devices)
const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0)

/** How often a differencer is right. */
export function accuracyOf(differ: Differencer, worlds: number, publish: Publish, random: RandomSource): number {
  let hits = 0
  for (let world = 0; world < worlds; world++) {
    const present = random.below(2n) === 1n
    if (differ(present, publish) === present) hits++
  }
  return hits / worlds
}

/** As `mechanism` publishes. */
export function publisher(mechanism: Mechanism, random: RandomSource): Publish {
  return (scene, present) => release(mechanism, present ? scene.with : scene.without, scene.specification, random)
}

const exactly: Publish = (scene, present) => {
  const rows = releaseExactly(scene.specification, present ? scene.with : scene.without)
  return () => rows
}

export function spreadAccuracy(mechanism: Mechanism, worlds: number, random: RandomSource): number {
  return spreadAttacker(mechanism, (cells) => release(mechanism, cells, leafOnly, random)(), worlds, random)
}

export function judgeDay(accuracy: number, worlds: number) {
  return judge(accuracy, toNumber(specification.rho), toNumber(specification.delta), worlds)
}

async function run({ trials, random, onProgress }: AttackTools) {
  const controlTrials = 300
  const every = Object.entries(differencers)
  const found = every.map(([name, differ], index) => {
    const own = accuracyOf(differ, trials, publisher(production, random), random)
    onProgress((trials * (index + 1)) / (every.length + 1))
    return { name, ...judgeDay(own, trials), control: accuracyOf(differ, controlTrials, exactly, random) }
  })
  const spread = {
    name: 'a victim in 64 cells',
    ...judgeDay(spreadAccuracy(production, trials, random), trials),
    control: spreadAttacker(production, (cells) => releaseExactly(leafOnly, cells), controlTrials, random),
  }
  const all = [...found, spread]
  const worst = Math.max(...all.map(({ accuracy }) => accuracy))
  const control = Math.min(...all.map((one) => one.control))
  const { bound, error } = spread
  return {
    trials: trials * all.length,
    figure: worst.toFixed(4),
    bound: `${bound.toFixed(4)} + 4·${error.toFixed(4)}`,
    controlFigure: control.toFixed(3),
    verdict: verdictOf(
      all.every(({ within }) => within),
      control >= 0.99,
    ),
    detail: all.map(
      ({ name, accuracy, control }) => `${name}: ${accuracy.toFixed(4)}; exact counts ${control.toFixed(3)}`,
    ),
  }
}

export const differencing: Attack = {
  id: 'differencing',
  name: 'differencing over all that a partner gets',
  trials: 100_000,
  trialsShort: 5000,
  run,
}
