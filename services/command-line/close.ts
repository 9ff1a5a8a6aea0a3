/** `headcount close DAY`: an operator's word that nothing more of a day will come, for example after an import. */

import type { Config } from '../../shared/config.ts'
import { epochBounds } from '../../shared/window.ts'
import { ForeseenError } from '../start-failure.ts'
import { withDesk } from './installation.ts'

export async function closeDay(config: Config, day: string): Promise<void> {
  const epoch = `day:${day}` as const
  try {
    epochBounds(epoch)
  } catch {
    throw new ForeseenError(`"${day}" is not a day; give it as YYYY-MM-DD, in UTC`)
  }
  const living = await withDesk(config, async (desk) => {
    const keys = await desk.keys()
    if (!keys.some((key) => key.epoch === epoch)) return keys
    await desk.close(epoch)
    return undefined
  })
  if (!living) {
    process.stdout.write(`${day} is closed: its counts are final, its key is destroyed.\n`)
    return
  }
  const days = living.map((key) => key.epoch).filter((name) => name.startsWith('day:'))
  throw new ForeseenError(
    `${day} is not open: nothing of it was counted, or it has closed already. Open days: ${days.map((name) => name.slice(4)).join(', ') || 'none'}`,
  )
}
