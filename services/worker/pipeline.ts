/**
 * An event's life in the worker, in order:
 *
 *   decode → honour choices → drop bots → place in time → deduplicate → locate → classify client → pseudonymise → fold into catalogue
 *   → roll up → store
 *
 * Each step gets what the step before gave and returns it, further on, or a `Drop` with a reason. Steps are pure but for
 * the memories they are given; clock, keys and randomness are arguments. Records are opened (decode.ts), left out
 * by choice (honour-choices.ts) and batches stored (store.ts) whole, between the plan and the commit of consume.ts. The
 * collector has honoured choices before anything was written; here it is about those made since.
 */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { ConfidentialKind } from '../../shared/confidential/kind.ts'
import { Drop } from '../../shared/drop-reason.ts'
import type { EpochKeys } from '../../shared/epoch-keys.ts'
import { classify } from './classify-client.ts'
import { type OpenedRecord, observe } from './decode.ts'
import { deduplicate } from './deduplicate.ts'
import { dropBots } from './drop-bots.ts'
import { type Folder, foldIntoCatalogue } from './fold-into-catalogue.ts'
import type { IdMemory } from './id-memory.ts'
import { type Locate, locate } from './locate.ts'
import { placeInTime } from './place-in-time.ts'
import { type Pseudonymiser, pseudonymise } from './pseudonymise.ts'
import type { Rollup } from './roll-up.ts'

export interface PipelineTools {
  readonly catalogue: Catalogue
  readonly ids: IdMemory
  readonly epochKeys: EpochKeys
  readonly locate: Locate
  readonly pseudonymiser: Pseudonymiser
  readonly folder: Folder
  readonly rollup: Rollup
  readonly onClamp: () => void
  readonly onWithheld: (kind: ConfidentialKind) => void
  readonly onDrop: (drop: Drop, seen: OpenedRecord['sender'], index: number) => void
}

/** Runs every event of a record (opened by decode.ts) through the steps; returns how many ended in `tools.rollup`. */
export function runRecord(record: OpenedRecord, tools: PipelineTools): number {
  let counted = 0
  for (let index = 0; index < record.ids.length; index++) {
    const dropped = runEvent(record, index, tools)
    if (dropped) tools.onDrop(dropped, record.sender, index)
    else counted++
  }
  return counted
}

function runEvent(record: OpenedRecord, index: number, tools: PipelineTools): Drop | undefined {
  const observation = observe(record, index, tools.catalogue)
  if (observation instanceof Drop) return observation
  const human = dropBots(observation)
  if (human instanceof Drop) return human
  const timely = placeInTime(human, tools)
  if (timely instanceof Drop) return timely
  const fresh = deduplicate(timely, tools)
  if (fresh instanceof Drop) return fresh
  const located = locate(fresh, tools)
  const classified = classify(located)
  const pseudonymous = pseudonymise(classified, tools) // nothing after this line knows the sender
  if (pseudonymous instanceof Drop) return pseudonymous
  const tuple = foldIntoCatalogue(pseudonymous, tools)
  for (const kind of tuple.withheld) tools.onWithheld(kind)
  tools.rollup.add(tuple, pseudonymous)
  return undefined
}
