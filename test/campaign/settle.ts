/** The end of a run on real servers: everything acknowledged, everything counted, and the comparison. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ageMs } from '../crash/batches.ts'
import { type Comparison, compareCounts } from '../crash/compare-counts.ts'
import { cellsOfApi, freshTo } from '../crash/counted-cells.ts'
import type { Senders } from '../crash/senders.ts'
import { type Fleet, fleetSecrets } from './fleet.ts'

const settleMsMax = 180_000

/**
 * Starts what has ended, waits until everything sent is counted, and sets it against what was sent.
 * @param startedAt when the first batch was made, ms since the Unix epoch
 * @throws Error when it does not come to an end in time
 */
export async function settle(fleet: Fleet, senders: Senders, startedAt: number): Promise<Comparison> {
  const tending = setInterval(() => {
    for (const one of fleet.processes) if (!one.isRunning) one.start()
  }, 1000)
  try {
    await senders.finish(settleMsMax)
    const [reporting] = fleet.of('reporting')
    if (!reporting) throw new Error('there is no reporting')
    await reporting.untilLive()
    const asked = { reportingUrl: reporting.url, analystToken: fleetSecrets.analystToken, from: startedAt - ageMs }
    const to = Date.now()
    const deadline = performance.now() + settleMsMax
    while ((await freshTo({ ...asked, to }).catch(() => 0)) < to || (await spooledBytes(fleet)) > 0) {
      if (performance.now() > deadline) throw new Error(`not everything is counted after ${settleMsMax / 1000} s`)
      await sleep(500)
    }
    const counted = await cellsOfApi({ ...asked, to: Date.now() })
    return compareCounts(senders.acknowledged, counted)
  } finally {
    clearInterval(tending)
  }
}

/** What waits on the collectors' disks is not in the log yet, so freshness says nothing of it. */
async function spooledBytes(fleet: Fleet): Promise<number> {
  const bytes = await Promise.all(
    fleet.of('collector').map(async ({ url }) => {
      const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${fleetSecrets.adminToken}` } })
      return Number(/^headcount_spool_bytes (\S+)$/m.exec(await answer.text())?.[1] ?? Number.NaN)
    }),
  ).catch(() => [Number.POSITIVE_INFINITY])
  return bytes.reduce((sum, one) => sum + one, 0)
}
