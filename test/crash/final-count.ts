/** When the kills are over: waits until everything is counted, and reads it through the API and from the table itself. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../shared/clock.ts'
import { ageMs } from './batches.ts'
import { type Comparison, compareCounts } from './compare-counts.ts'
import { cellsOfApi, cellsOfTable, freshTo } from './counted-cells.ts'
import type { HostProcess } from './host-process.ts'
import type { Senders } from './senders.ts'
import { startTime } from './timeline.ts'

const settleMsMax = 120_000

export interface FinalCount extends Comparison {
  /** Windows that have become final, by grain. */
  finalWindows: Record<string, number>
}

export interface FinalCountOptions {
  host: HostProcess
  senders: Senders
  dataDir: string
  analystToken: string
  time: Clock
  log: (line: string) => void
}

/** Stops the host. What API and table say must be the same; where it is not, the worse is taken. */
export async function finalCount(options: FinalCountOptions): Promise<FinalCount> {
  const { host, senders, dataDir, analystToken, time, log } = options
  const urls = await host.listening
  if (!urls) throw new Error(`the last host does not start:\n${(await host.ended).errors}`)
  senders.turnTo(urls.collectorUrl)
  await senders.finish(settleMsMax)
  const asked = { reportingUrl: urls.reportingUrl, analystToken, from: startTime - ageMs, to: time.now() }
  const deadline = performance.now() + settleMsMax
  while ((await freshTo(asked)) < asked.to) {
    if (performance.now() > deadline) throw new Error(`not everything is counted after ${settleMsMax / 1000} s`)
    await sleep(200)
  }
  const byApi = compareCounts(senders.acknowledged, await cellsOfApi({ ...asked, to: time.now() }))
  await host.stop()
  const { cells, finalWindows } = await cellsOfTable(dataDir)
  const byTable = compareCounts(senders.acknowledged, cells)
  if (byApi.lost !== byTable.lost || byApi.doubled !== byTable.doubled)
    log(`API and table differ: lost ${byApi.lost} and ${byTable.lost}, doubled ${byApi.doubled} and ${byTable.doubled}`)
  return { ...worse(byApi, byTable), finalWindows }
}

function worse(one: Comparison, other: Comparison): Comparison {
  return {
    lost: Math.max(one.lost, other.lost),
    doubled: Math.max(one.doubled, other.doubled),
    wrongCells: Math.max(one.wrongCells, other.wrongCells),
    strangeCells: Math.max(one.strangeCells, other.strangeCells),
    examples: one.examples.length > 0 ? one.examples : other.examples,
  }
}
