/** `headcount release --day DAY`: closes, seals and publishes a day, and shows how far it is. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SingleBar } from 'cli-progress'
import type { Config } from '../../shared/config.ts'
import type { Desk } from '../operator/desk.ts'
import type { PublishedRelease } from '../operator/release-requests.ts'
import { ForeseenError } from '../start-failure.ts'
import type { SealState } from '../worker/seal/seal-requests.ts'
import { withDesk } from './installation.ts'

const pollMs = 300
const phases = { reading: 'reading the log again', bounding: 'bounding each device' }

export async function releaseDay(config: Config, options: { day: string; unfinished: boolean }): Promise<void> {
  const releases = await withDesk(config, (desk) => untilPublished(desk, options))
  const rows = releases.map(
    ({ dataset, rows, sha256 }) => `  ${dataset.padEnd(24)} ${String(rows).padStart(7)} rows   sha256 ${sha256}`,
  )
  process.stdout.write(`${options.day} is published:\n${rows.join('\n')}\n`)
  if (releases.every(({ rows }) => rows === 0))
    process.stdout.write(
      'No row passed the threshold: few devices, or cells that are too fine. infra/releases.md has a profile for small installations.\n',
    )
}

async function untilPublished(
  desk: Desk,
  { day, unfinished }: { day: string; unfinished: boolean },
): Promise<PublishedRelease[]> {
  const bar = new SingleBar({ format: ' {bar} {percentage}% {phase}', hideCursor: true, noTTYOutput: false })
  let isShown = false
  try {
    for (;;) {
      const answer = await desk.release(day, unfinished)
      if (answer.state === 'published') return answer.releases
      if (answer.state === 'refused') throw new ForeseenError(answer.why)
      if (answer.seal?.state === 'running') {
        if (!isShown) bar.start(100, 0, { phase: '' })
        isShown = true
        show(bar, answer.seal)
      }
      await sleep(pollMs)
    }
  } finally {
    if (isShown) bar.stop()
  }
}

/** Reading and bounding take about half of the time each. */
function show(bar: SingleBar, { phase, done, total }: Extract<SealState, { state: 'running' }>): void {
  const part = total === 0 ? 1 : done / total
  const before = { reading: 0, bounding: 50 }[phase]
  bar.update(Math.min(99, Math.floor(before + part * 50)), { phase: phases[phase] })
}
