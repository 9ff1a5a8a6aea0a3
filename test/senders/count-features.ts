/** What a running installation has counted of each feature, once it is all there. */
import { type RunningHeadcount, usageWhen } from '../fixtures/headcount-process.ts'

export interface Counted {
  readonly events: number
  /** Largest of the windows': midnight may fall into a test. */
  readonly devices: number
}

const waitMsMax = 60_000

/**
 * @param total how many events to wait for; more than that are returned as well
 * @param where a filter of the usage API, say `version:2.1`
 */
export async function countFeatures(
  running: RunningHeadcount,
  dataDir: string,
  total: number,
  where?: string,
): Promise<Record<string, Counted>> {
  const query = `dataset=feature_usage&by=feature${where === undefined ? '' : `&where=${where}`}`
  const { rows } = await usageWhen(
    running,
    dataDir,
    query,
    (answer) => answer.rows.reduce((sum, row) => sum + Number(row[2]), 0) >= total,
    waitMsMax,
  )
  const counted: Record<string, Counted> = {}
  for (const [, feature, events, devices] of rows) {
    const before = counted[String(feature)]
    counted[String(feature)] = {
      events: (before?.events ?? 0) + Number(events),
      devices: Math.max(before?.devices ?? 0, Number(devices)),
    }
  }
  return counted
}
