/**
 * Every kind of data that an installation has: where it is, what is in it, how long it stays, what removes it, and whether a
 * legal hold stops that. `headcount retention`, infra/retention.md, the page /privacy and the audit read this list; what is
 * not in it is not to be kept, and a test looks for that.
 */

import type { KeptSettings, KindOfData } from './kind-of-data.ts'
import { aggregateKinds } from './kinds-of-aggregates.ts'
import { entryKinds } from './kinds-of-entries.ts'
import { fileKinds } from './kinds-of-files.ts'
import { rawKinds } from './kinds-of-raw.ts'
import { secretKinds } from './kinds-of-secrets.ts'
import { outsideKinds } from './kinds-outside.ts'

/** The whole list: what is about somebody first. */
export function retentionTable(config: KeptSettings): readonly KindOfData[] {
  return [...rawKinds, ...secretKinds, ...entryKinds, ...aggregateKinds, ...fileKinds, ...outsideKinds(config)]
}
