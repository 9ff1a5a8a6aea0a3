/** What is kept at this moment, kind by kind, beside the list of what may be: for operators, metrics and audits. */
import { casesHolding, type Held, heldAt, nothingHeld } from '../../shared/retention/holds.ts'
import { aggregateKinds } from '../../shared/retention/kinds-of-aggregates.ts'
import { rawKinds } from '../../shared/retention/kinds-of-raw.ts'
import type { KeptNow, LookTools } from './kept-now.ts'
import { lookAtEntries } from './look-at-entries.ts'
import { lookAtFiles } from './look-at-files.ts'
import { lookAtChoices, lookAtRaw } from './look-at-raw.ts'
import { lookAtSecrets } from './look-at-secrets.ts'
import { lookAtTables } from './look-at-tables.ts'

const heldKinds = [...rawKinds, ...aggregateKinds]

/**
 * Looks at every kind that can be looked at from here; reads portions, changes nothing. In the order of the list.
 * @throws what an engine throws that is away
 */
export async function lookAtRetention(tools: LookTools): Promise<KeptNow[]> {
  const held = tools.ledger ? heldAt((await tools.ledger.state()).holds(), tools.clock.now()) : nothingHeld
  const kept = [
    await lookAtRaw(tools),
    ...lookAtChoices(tools),
    ...(await lookAtSecrets(tools)),
    ...(await lookAtEntries(tools)),
    ...(await lookAtTables(tools)),
    ...(await lookAtFiles(tools)),
  ]
  return kept.map((one) => ({ ...one, ...heldBy(one, held) }))
}

/** Of what has no end a hold is not told: it changes nothing there. */
function heldBy({ kind, goesAt }: KeptNow, held: Held): Pick<KeptNow, 'heldBy'> {
  const listed = heldKinds.find(({ id }) => id === kind)
  const cases = listed && goesAt !== undefined ? casesHolding(listed, held) : []
  return cases.length === 0 ? {} : { heldBy: cases }
}
