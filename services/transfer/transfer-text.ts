/** What an operator writes into the ledger about a transfer. */
import { confidentialKind } from '../../shared/confidential/detector.ts'
import { isPersonal } from '../../shared/confidential/kind.ts'
import { isPrintableLine } from '../../shared/printable-line.ts'
import { ForeseenError } from '../start-failure.ts'

const lengthMax = 200

/** @throws ForeseenError */
export function checkTransferText(option: string, text: string): string {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed.length > lengthMax || !isPrintableLine(trimmed))
    throw new ForeseenError(`${option} must be 1 to ${lengthMax} printable characters on one line`)
  if (isPersonal(confidentialKind(trimmed)))
    throw new ForeseenError(
      `${option} looks like something that identifies somebody, and the ledger keeps it for good: name the company or the matter instead`,
    )
  return trimmed
}
