/**
 * Row 4: was the victim there? The best test there is, on the victim's worst day, with everybody else the attacker's own
 * devices. Most worlds begin with the exact cells; some with records in the log, and their cells must be the same.
 */
import type { RandomSource } from '../../../services/release/release-types.ts'
import { fraction, toNumber } from '../../../shared/fraction.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'
import { type Mechanism, production, release } from './mechanism.ts'
import { likelihoodRatio, type PublishedRow, releaseExactly } from './scene.ts'
import { accuracyBound } from './statistics.ts'
import { specification, sybilScene } from './sybil-scene.ts'
import { worldsFromLog } from './worlds-from-log.ts'

const advantageMin = 0.8
const errorsMax = 4
const worldsPerTurn = 5000

export interface Judged {
  readonly accuracy: number
  readonly bound: number
  readonly error: number
  readonly within: boolean
  /** Of the advantage over guessing that the bound leaves. */
  readonly ofAdvantage: number
}

export function judge(accuracy: number, rho: number, delta: number, trials: number): Judged {
  const { bound, error } = accuracyBound(rho, delta, trials)
  const ofAdvantage = (accuracy - 0.5) / (bound - 0.5)
  return { accuracy, bound, error, ofAdvantage, within: accuracy <= bound + errorsMax * error }
}

/** Two attackers over the same worlds: one reads the leaf's devices alone, the other all of the day. */
class Attackers {
  readonly #leaf = likelihoodRatio(sybilScene, { level: 'leaf' })
  readonly #day = likelihoodRatio(sybilScene)
  #worlds = 0
  #leafHits = 0
  #dayHits = 0

  see(rows: readonly PublishedRow[], present: boolean): void {
    this.#worlds++
    if (this.#leaf(rows) > 0 === present) this.#leafHits++
    if (this.#day(rows) > 0 === present) this.#dayHits++
  }

  judged() {
    const { levels, rho, delta } = specification
    const rhoLeaf = toNumber(levels.find(({ level }) => level === 'leaf')?.rhoDevices ?? fraction(0))
    const accuracy = (hits: number) => hits / this.#worlds
    return {
      leaf: judge(accuracy(this.#leafHits), rhoLeaf, toNumber(delta), this.#worlds),
      day: judge(accuracy(this.#dayHits), toNumber(rho), toNumber(delta), this.#worlds),
    }
  }
}

export function membershipOf(
  mechanism: Mechanism,
  worlds: number,
  random: RandomSource,
  onWorlds: (done: number) => void,
) {
  const attackers = new Attackers()
  for (let world = 0; world < worlds; world++) {
    const present = random.below(2n) === 1n
    const cells = present ? sybilScene.with : sybilScene.without
    attackers.see(release(mechanism, cells, specification, random)(), present)
    if (world % worldsPerTurn === 0) onWorlds(world)
  }
  return attackers.judged()
}

async function run({ trials, random, onProgress }: AttackTools) {
  const own = membershipOf(production, trials, random, (done) => onProgress(done * 0.8))
  const logWorlds = Math.max(4, Math.round(trials / 2000))
  const fromLog = new Attackers()
  for (const { rows, present } of await worldsFromLog(logWorlds, random, (done) =>
    onProgress(trials * (0.8 + (0.2 * done) / logWorlds)),
  ))
    fromLog.see(rows, present)
  const exact = new Attackers()
  for (let world = 0; world < 1000; world++) {
    const present = random.below(2n) === 1n
    exact.see(releaseExactly(specification, present ? sybilScene.with : sybilScene.without), present)
  }
  const log = fromLog.judged()
  const control = exact.judged()
  const every = [own.leaf, own.day, log.leaf, log.day]
  // Whether it reaches its share of the bound cannot be told from few worlds.
  const isStrong = [own.leaf, own.day].every(
    ({ ofAdvantage, error, bound }) =>
      ofAdvantage + (errorsMax * error * isShort(trials)) / (bound - 0.5) >= advantageMin,
  )
  return {
    trials: trials + logWorlds,
    figure: `leaf ${own.leaf.accuracy.toFixed(4)}, day ${own.day.accuracy.toFixed(4)}`,
    bound: `${own.leaf.bound.toFixed(4)}, ${own.day.bound.toFixed(4)} + 4·${own.day.error.toFixed(4)}`,
    controlFigure: `${control.leaf.accuracy.toFixed(3)}, ${control.day.accuracy.toFixed(3)}`,
    verdict: verdictOf(
      every.every(({ within }) => within),
      isStrong && control.leaf.accuracy >= 0.99 && control.day.accuracy >= 0.99,
    ),
    detail: [
      `of the advantage that the bound leaves: leaf devices ${percent(own.leaf.ofAdvantage)}, day ${percent(own.day.ofAdvantage)}`,
      `${logWorlds} worlds from the log to CSV bytes, with the same cells: leaf ${log.leaf.accuracy.toFixed(3)}, day ${log.day.accuracy.toFixed(3)} (standard error ${log.day.error.toFixed(3)})`,
    ],
  }
}

const isShort = (trials: number) => (trials < 100_000 ? 1 : 0)
const percent = (share: number) => `${(100 * share).toFixed(0)} %`

export const membership: Attack = {
  id: 'membership',
  name: 'membership, likelihood ratio, log to bytes',
  trials: 400_000,
  trialsShort: 20_000,
  run,
}
