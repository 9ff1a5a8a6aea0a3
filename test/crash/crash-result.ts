/** What a campaign has found, and what it has done to find it. */
import type { FinalCount } from './final-count.ts'
import type { Phase } from './phases.ts'

export interface CrashResult extends FinalCount {
  /** Nothing lost, nothing doubled, nothing else wrong. */
  correct: boolean
  seed: number
  kills: number
  restarts: number
  /** How many kills hit each phase; one kill may hit several partitions in several phases. */
  killsByPhase: KillsByPhase
  /** Hosts that ended without being killed. */
  unplannedEnds: number
  batches: number
  acknowledged: number
  /** Of the acknowledged batches. */
  events: number
  /** Batches with events on both sides of a month's end. */
  overMonthEnd: number
  retries: number
  repeats: number
  simulated: { from: string; to: string }
  durationMs: number
}

export type KillsByPhase = Partial<Record<Phase | 'idle', number>>
