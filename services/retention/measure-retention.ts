/** What is kept, as metrics: how old the oldest of each kind is, and whether something is past its time. */
import type { Metrics } from '../../shared/metrics.ts'
import { type KeptNow, overdueMs } from './kept-now.ts'

type RetentionMetrics = Pick<Metrics, 'retentionOldestSeconds' | 'retentionOverdueSeconds'>

/** @param now ms since the Unix epoch */
export function measureRetention(metrics: RetentionMetrics, kept: readonly KeptNow[], now: number): void {
  forgetMeasured(metrics)
  for (const one of kept) {
    const { kind, oldestAt } = one
    metrics.retentionOverdueSeconds.set({ kind }, overdueMs(one, now) / 1000)
    // Of an epoch or a window that is still open the end is to come.
    if (oldestAt !== undefined) metrics.retentionOldestSeconds.set({ kind }, Math.max(0, now - oldestAt) / 1000)
  }
}

/** For a process that looks no more: what it saw last would be told for ever. */
export function forgetMeasured(metrics: RetentionMetrics): void {
  metrics.retentionOldestSeconds.reset()
  metrics.retentionOverdueSeconds.reset()
}
