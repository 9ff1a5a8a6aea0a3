/** What grows with events: table bytes for ten times the events over the same cells, and resident memory. */
import path from 'node:path'
import { startMeasured, withFolder } from './measured-process.ts'

interface Stored {
  rssBytes: number
  tableBytes: number
}

/** Bytes of the merged tables after `events` and after ten times as many over the same cells. */
export async function measureTableGrowth(
  seed: number,
  events: number,
): Promise<{ once: number; tenfold: number; ratio: number }> {
  const once = await tableBytes(seed, events)
  const tenfold = await tableBytes(seed, events * 10)
  return { once, tenfold, ratio: tenfold / once }
}

async function tableBytes(seed: number, events: number): Promise<number> {
  return withFolder(async (dir) => {
    await using worker = await startMeasured('worker-process.ts', [path.join(dir, 'data'), String(seed), '200'])
    return (await worker.ask<Stored>({ events, merge: true })).tableBytes
  })
}

/** Resident bytes of one worker process after so many events in all, garbage collected. */
export async function measureMemory(
  seed: number,
  milestones: readonly number[],
  onStep: (events: number) => void,
): Promise<number[]> {
  return withFolder(async (dir) => {
    await using worker = await startMeasured('worker-process.ts', [path.join(dir, 'data'), String(seed)], {
      exposeGc: true,
    })
    const resident: number[] = []
    let done = 0
    for (const milestone of milestones) {
      let last = 0
      for (; done < milestone; done += 250_000) {
        last = (await worker.ask<Stored>({ events: 250_000 })).rssBytes
        onStep(done + 250_000)
      }
      resident.push(last)
    }
    return resident
  })
}
