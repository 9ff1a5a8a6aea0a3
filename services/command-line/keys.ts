/** `headcount keys`: which epoch keys live, and until when. */
import type { Config } from '../../shared/config.ts'
import { withDesk } from './installation.ts'

export async function showKeys(config: Config): Promise<void> {
  const keys = await withDesk(config, (desk) => desk.keys())
  if (keys.length === 0) {
    process.stdout.write('No epoch key lives: nothing has been counted, or every epoch has closed.\n')
    return
  }
  const rows = keys.map(({ epoch, madeAt, closesAt, deadline }) => [
    epoch,
    madeAt.slice(0, 16),
    closesAt.slice(0, 16),
    deadline.slice(0, 16),
  ])
  const table = [['epoch', 'made (UTC)', 'closes', 'destroyed at the latest'], ...rows]
  process.stdout.write(
    `${table
      .map((row) =>
        row
          .map((cell) => cell.padEnd(20))
          .join('')
          .trimEnd(),
      )
      .join('\n')}\n`,
  )
}
