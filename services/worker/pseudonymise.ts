/**
 * pseudonymise: the last step that sees who sent an event. What comes out is a keyed hash of the unit under the keys of
 * the event's day, week and month; the identifier, address and user agent stay behind.
 *
 * Per dataset and epoch a unit has another pseudonym, so that cells of two datasets cannot be joined: SHA-256 over the
 * unit's 256-bit keyed hash and the dataset's name. A unit known only by address and user agent gets a day pseudonym
 * and no other: two of its days are not linked.
 */
import { LRUCache } from 'lru-cache'
import { Drop } from '../../shared/drop-reason.ts'
import type { EpochKeySet, EpochKeys } from '../../shared/epoch-keys.ts'
import type { Unit } from '../../shared/event.ts'
import { sha256Latin1 } from '../../shared/keyed-hash.ts'
import { dayMs, type EpochKind } from '../../shared/window.ts'
import { classifyClient } from './classify-client.ts'
import type { Observation, PseudonymousObservation } from './observation.ts'

const cachedUnitsMaxDefault = 20_000

/**
 * The keyed hashes of one unit in its three epochs. A pseudonym is 48 bits of them: among a million devices of a window
 * not one pair is expected to fall together, and the number stays exact in JavaScript.
 */
export class UnitPseudonyms {
  readonly #keyed: Readonly<Record<EpochKind, string | undefined>>
  readonly #known = new Map<string, string>()

  constructor(unit: Unit, keys: EpochKeySet) {
    const text = `${unit.kind}\0${unit.id}`
    const identified = unit.kind !== 'address'
    this.#keyed = {
      day: keys.day.digest(text).toString('base64'),
      week: identified ? keys.week.digest(text).toString('base64') : undefined,
      month: identified ? keys.month.digest(text).toString('base64') : undefined,
    }
  }

  /** The pseudonym in a dataset's windows of that epoch, in decimal; undefined where the unit has none. */
  inDataset(dataset: string, epoch: EpochKind): string | undefined {
    const keyed = this.#keyed[epoch]
    if (keyed === undefined) return undefined
    const label = `${epoch}\0${dataset}`
    let pseudonym = this.#known.get(label)
    if (pseudonym === undefined) {
      pseudonym = Buffer.from(sha256Latin1(keyed + label), 'latin1')
        .readUIntBE(0, 6)
        .toString()
      this.#known.set(label, pseudonym)
    }
    return pseudonym
  }
}

export interface Pseudonymiser {
  readonly epochKeys: EpochKeys
  readonly units: LRUCache<string, UnitPseudonyms>
}

/** @param cachedUnitsMax units whose keyed hashes are kept */
export function createPseudonymiser(epochKeys: EpochKeys, cachedUnitsMax = cachedUnitsMaxDefault): Pseudonymiser {
  return { epochKeys, units: new LRUCache({ max: cachedUnitsMax }) }
}

/** The observation without its sender; `late` when the day, week or month of its time has closed. */
export function pseudonymise(
  seen: Observation,
  tools: { pseudonymiser: Pseudonymiser },
): PseudonymousObservation | Drop {
  const { sender, shape, time } = seen
  const day = Math.floor(time / dayMs)
  if (sender.pseudonyms?.day !== day) {
    const keys = tools.pseudonymiser.epochKeys.at(time)
    sender.pseudonyms =
      keys === 'closed' ? undefined : { day, unit: unitPseudonyms(tools.pseudonymiser, sender.unit, day, keys) }
  }
  const pseudonyms = sender.pseudonyms
  if (!pseudonyms) return new Drop('late')
  return {
    time,
    shape,
    country: sender.country ?? '',
    client: sender.client ?? classifyClient(''),
    unit: pseudonyms.unit,
  }
}

function unitPseudonyms({ units }: Pseudonymiser, unit: Unit, day: number, keys: EpochKeySet): UnitPseudonyms {
  const key = `${day}\0${unit.kind}\0${unit.id}`
  let found = units.get(key)
  if (!found) {
    found = new UnitPseudonyms(unit, keys)
    units.set(key, found)
  }
  return found
}
