/** What becomes of a spool where telemetry has been turned off. */
import { existsSync } from 'node:fs'
import { removeSegment } from './segment.ts'
import { SpoolFolder } from './spool-folder.ts'

/** Removes what waits in a folder, if there is one and no sender has it. Never rejects. */
export async function emptySpool(dir: string): Promise<void> {
  try {
    if (!existsSync(dir)) return
    const folder = await SpoolFolder.take(dir)
    for (const segment of await folder.left()) await removeSegment(segment)
    await folder.release()
  } catch {
    // In use, or not readable: nothing of it is sent by this process in either case.
  }
}
