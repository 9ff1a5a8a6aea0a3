/**
 * Opt-outs in an export, where the operator asks for it: keyed hashes of identifiers, of use only to who has the choice key,
 * and needed so that nobody who opted out is counted where the installation goes on. Their history does not go along.
 */
import { optOutsInForce } from '../../shared/choices/folded-choices.ts'
import type { Choice, ChoiceLog, Choices } from '../../shared/choices/port.ts'
import { ArchiveError } from './archive.ts'
import type { ArchiveReader, ArchiveWriter } from './archive-folder.ts'

/** The choice log of an installation, and what its key is told by. */
export interface OpenChoices {
  readonly log: ChoiceLog
  readonly fingerprint: string
}

const prefix = 'opt-outs-'
const linesPerFile = 20_000

type OptOut = Pick<Choice, 'subject' | 'by' | 'policy' | 'case'>

/** @returns how many */
export async function writeOptOuts(archive: ArchiveWriter, choices: Choices): Promise<number> {
  const subjects = new Set([...choices.all()].map(({ subject }) => subject))
  let count = 0
  let lines: string[] = []
  const flush = async () => {
    if (lines.length === 0) return
    const number = Math.ceil(count / linesPerFile) - 1
    await archive.add(`${prefix}${String(number).padStart(6, '0')}.ndjson`, Buffer.from(lines.join('')))
    lines = []
  }
  for (const subject of [...subjects].sort()) {
    const inForce = optOutsInForce(choices.history(subject)).at(-1)
    if (!inForce) continue
    const { by, policy, case: caseId } = inForce
    lines.push(`${JSON.stringify({ subject, by, policy, ...(caseId !== undefined && { case: caseId }) })}\n`)
    count++
    if (lines.length === linesPerFile) await flush()
  }
  await flush()
  return count
}

/** @throws ArchiveError when they are of another key, or a line is none */
export async function verifyOptOuts(archive: ArchiveReader, choices: OpenChoices): Promise<void> {
  const { optOuts } = archive.manifest
  if (!optOuts) return
  if (optOuts.key !== choices.fingerprint)
    throw new ArchiveError(
      'the opt-outs of the export were made under another choice key, so that nobody who opted out would be known here: set HEADCOUNT_CHOICE_KEY to that of the installation it comes from (where it had none: its admin token), or leave them out with --without-opt-outs',
    )
  let count = 0
  for await (const some of archivedOptOuts(archive)) count += some.length
  if (count !== optOuts.count) throw new ArchiveError(`the export has ${count} opt-outs, and says ${optOuts.count}`)
}

/** Those that are not known here yet, so that it may be done again. */
export async function restoreOptOuts(archive: ArchiveReader, { log }: OpenChoices): Promise<number> {
  let count = 0
  await log.catchUp()
  for await (const some of archivedOptOuts(archive))
    for (const optOut of some) {
      if (log.choices.countedFrom(optOut.subject) === Number.POSITIVE_INFINITY) continue
      await log.append({ ...optOut, act: 'opt-out' })
      count++
    }
  return count
}

async function* archivedOptOuts(archive: ArchiveReader): AsyncGenerator<readonly OptOut[]> {
  for (const file of archive.named(prefix)) {
    const lines = (await archive.read(file)).toString('utf8').split('\n').slice(0, -1)
    yield lines.map(parseOptOut)
  }
}

function parseOptOut(line: string): OptOut {
  try {
    const { subject, by, policy, case: caseId } = JSON.parse(line) as OptOut
    const isGood =
      /^[0-9a-f]{32}$/.test(subject) &&
      ['sender', 'owner', 'operator', 'child'].includes(by) &&
      typeof policy === 'string' &&
      (caseId === undefined || typeof caseId === 'string')
    if (isGood) return { subject, by, policy, ...(caseId !== undefined && { case: caseId }) }
  } catch {
    // Said below.
  }
  throw new ArchiveError('a line of the opt-outs is none')
}
