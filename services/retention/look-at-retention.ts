/** What is kept at this moment, kind by kind, beside the list of what may be: for operators, metrics and audits. */
import type { KeptNow, LookTools } from './kept-now.ts'
import { lookAtEntries } from './look-at-entries.ts'
import { lookAtFiles } from './look-at-files.ts'
import { lookAtChoices, lookAtRaw } from './look-at-raw.ts'
import { lookAtSecrets } from './look-at-secrets.ts'
import { lookAtTables } from './look-at-tables.ts'

/**
 * Looks at every kind that can be looked at from here; reads portions, changes nothing. In the order of the list.
 * @throws what an engine throws that is away
 */
export async function lookAtRetention(tools: LookTools): Promise<KeptNow[]> {
  return [
    await lookAtRaw(tools),
    ...lookAtChoices(tools),
    ...(await lookAtSecrets(tools)),
    ...(await lookAtEntries(tools)),
    ...(await lookAtTables(tools)),
    ...(await lookAtFiles(tools)),
  ]
}
