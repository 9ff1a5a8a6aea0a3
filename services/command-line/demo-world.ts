/** The world that fits a catalogue. */
import type { Catalogue } from '../../shared/catalogue.ts'
import { publicCatalogue } from '../../shared/catalogue.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { minuteMs } from '../../shared/window.ts'
import { makeAnyWorld } from './demo-any-world.ts'
import type { Run, World } from './demo-batch.ts'
import { dcosFeatures, makeDcosWorld } from './demo-dcos-world.ts'

/** The DC/OS world fits the default catalogue only; any other gets what it declares. */
export function makeWorld(run: Run, catalogue: Catalogue): World {
  const inForce = JSON.stringify(publicCatalogue(catalogue))
  const isDefault = inForce === JSON.stringify(publicCatalogue(readCatalogue('')))
  const declared = new Set(catalogue.features.map(({ id }) => id))
  if (!isDefault || !dcosFeatures.every((id) => declared.has(id))) return makeAnyWorld(run, catalogue)
  const slots = catalogue.features.map(({ naturalKey }) => naturalKey?.slotMs ?? 0)
  return makeDcosWorld(run, Math.max(minuteMs, ...slots))
}
