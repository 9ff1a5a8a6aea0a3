/**
 * A victim that reports in far more cells than count. Which of them count is keyed, so the attacker adds all of them up;
 * without the bound each would carry its device.
 */
import type { RandomSource } from '../../../services/release/release-types.ts'
import { leafBound, leafOnly, spreadCells, spreadDevices } from './day-scenes.ts'
import type { Cells, Mechanism } from './mechanism.ts'
import { cell, likelihoodRatio, type PublishedRow, releaseExactly, type Scene } from './scene.ts'

const eventsPerCell = 8

/** The attacker's idea: the victim counts in all of them. */
const everywhere: Scene = {
  specification: leafOnly,
  without: cellsWith(() => 0),
  with: cellsWith(() => eventsPerCell),
}

function cellsWith(eventsOf: (name: string) => number): Cells {
  return new Map([
    [
      'leaf',
      spreadCells.map((values) => {
        const events = eventsOf(values.join('\n'))
        return cell(values, spreadDevices + (events > 0 ? 1 : 0), spreadDevices * eventsPerCell + events)
      }),
    ],
  ])
}

/** What of the victim's day counts. @param random of the seal's key */
function contributed(mechanism: Pick<Mechanism, 'bounded'>, random: RandomSource): Cells {
  const unit = mechanism.bounded(leafBound, () => String(random.below(2n ** 64n)).padStart(20, '0'))
  for (const values of spreadCells)
    for (let event = 0; event < eventsPerCell; event++) unit.add(values.join('\n'), `event ${event}`, [])
  const events = new Map(unit.contributions().map((one) => [one.cell, one.sums[0] ?? 0]))
  return cellsWith((name) => events.get(name) ?? 0)
}

/** How often the attacker is right. @param publish publishes the leaf's cells */
export function spreadAttacker(
  mechanism: Pick<Mechanism, 'bounded'>,
  publish: (cells: Cells) => readonly PublishedRow[],
  worlds: number,
  random: RandomSource,
): number {
  const evidence = likelihoodRatio(everywhere)
  const exact = (cells: Cells) => evidence(releaseExactly(leafOnly, cells))
  // Between what the evidence is without the victim and with it, if there were no noise.
  const middle = (exact(everywhere.without) + exact(contributed(mechanism, random))) / 2
  let hits = 0
  for (let world = 0; world < worlds; world++) {
    const present = random.below(2n) === 1n
    const cells = present ? contributed(mechanism, random) : everywhere.without
    if (evidence(publish(cells)) > middle === present) hits++
  }
  return hits / worlds
}
