/** honour choices: a record of somebody who opted out, or had it deleted, ends here with all of its events. */
import type { LeftOut } from '../../shared/choices/left-out.ts'
import { Drop } from '../../shared/drop-reason.ts'
import type { OpenedRecord } from './decode.ts'
import type { PipelineTools } from './pipeline.ts'

/** Whether the record is left out; then each of its events has been told to `onDrop`. */
export function honourChoices(
  { sender, ids }: OpenedRecord,
  leftOut: LeftOut,
  onDrop: PipelineTools['onDrop'],
): boolean {
  const why = leftOut.why(sender)
  if (why === undefined) return false
  const drop = new Drop(why)
  for (let index = 0; index < ids.length; index++) onDrop(drop, sender, index)
  return true
}
