/** `headcount forget|choice|access|node-key`: what an operator does for somebody who asked, on a case. */
import type { Config } from '../../shared/config.ts'
import { ProblemError } from '../../shared/http/problem.ts'
import { createNodeKey } from '../collector/privacy/node-key.ts'
import type { Held } from '../collector/privacy/what-is-held.ts'
import type { Desk } from '../operator/desk.ts'
import type { SubjectWish } from '../operator/subject-desk.ts'
import { ForeseenError } from '../start-failure.ts'
import { columns } from './columns.ts'
import { withDesk } from './installation.ts'
import { readStoredCredentials } from './stored-credentials.ts'

export async function forgetSubject(config: Config, wish: SubjectWish): Promise<void> {
  const { deletion, effectiveFrom, rawRecordsGoneBy } = await atDesk(config, (desk) => desk.forget(wish))
  process.stdout.write(`What was received until ${effectiveFrom} is left out of everything that is yet to be counted or released.
Its last raw record is gone by ${rawRecordsGoneBy}. The ledger has it as deletion ${deletion}, without the identifier.
`)
}

export async function chooseForSubject(config: Config, choice: string, wish: SubjectWish): Promise<void> {
  const { since, policy } = await atDesk(config, (desk) => desk.choose({ ...wish, choice }))
  const meaning = choice === 'opt-out' ? 'nothing under the identifier is counted' : 'it is counted again'
  process.stdout.write(`From ${since} on ${meaning} (policy ${policy}).\n`)
}

export async function showHeld(config: Config, { json, ...wish }: SubjectWish & { json: boolean }): Promise<void> {
  const held = await atDesk(config, (desk) => desk.access(wish))
  process.stdout.write(json ? `${JSON.stringify(held, undefined, 2)}\n` : heldText(held))
}

/** Needs the secret only, no installation. */
export async function showNodeKey(config: Config, device: string): Promise<void> {
  const { adminToken } = await readStoredCredentials(config)
  if (!config.choiceKey && !adminToken)
    throw new ForeseenError(
      'There is no secret to make the key from: set HEADCOUNT_CHOICE_KEY (or, where none is set, HEADCOUNT_ADMIN_TOKEN) to what the collectors have.',
    )
  process.stdout.write(`${createNodeKey({ choiceKey: config.choiceKey, adminToken })(device)}\n`)
}

/** Choices and raw records, a line each; `--json` has every event. */
export function heldText({ choice, history, records, complete }: Held): string {
  const choices = history.map(({ at, choice: act, by, policy }) => [at, act, by, policy])
  const raw = records.map(({ receivedAt, goneBy, leftOut, address, events }) => [
    ...[receivedAt, goneBy, leftOut, address],
    String(events.length),
    [...new Set(events.map(({ feature }) => feature))].join(','),
  ])
  return `Choice: ${choice}.
${choices.length === 0 ? 'No choice was ever made.' : columns([['made', 'choice', 'by', 'policy'], ...choices])}

${raw.length === 0 ? 'No raw record is there.' : columns([['received', 'gone by', 'left out', 'address', 'events', 'features'], ...raw])}
${complete ? '' : 'There are more raw records than are shown.\n'}`
}

async function atDesk<T>(config: Config, work: (desk: Desk) => Promise<T>): Promise<T> {
  return withDesk(config, async (desk) => {
    try {
      return await work(desk)
    } catch (error) {
      if (error instanceof ProblemError) throw new ForeseenError(`${error.problem.title}. ${error.problem.detail}`)
      throw error
    }
  })
}
