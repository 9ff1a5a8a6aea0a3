/** When the next host dies: at a random moment, or in a phase that is too short to be hit by chance often enough. */
import type { Random } from '../../services/command-line/demo-random.ts'
import { batchPhases, closePhases, type Phase } from './phases.ts'

export interface KillPlan {
  /** Killed from outside so long after its start, ms; if it listens by then or not. */
  afterStartMs?: number
  /** Killed from outside so long after it listens, ms; with an aim: when it has not come to that phase by then. */
  afterListeningMs: number
  /** Kills itself there. */
  aim?: { phase: Phase; times: number; delayMs: number }
}

const startMsMax = 1100
const listeningMsMax = 400
const aimedMsMax = 1200
/** What is due is looked for once a second. */
const closeMsMax = 2600

/** @param closing whether days close now, so that kills should land there */
export function drawKill(random: Random, closing: boolean): KillPlan {
  const lot = random.next()
  if (closing && lot < 0.5) {
    const aim = { phase: random.pick(closePhases), times: random.integer(1, 2), delayMs: shortDelay(random) }
    return { afterListeningMs: closeMsMax, aim }
  }
  if (lot < 0.62) {
    const aim = { phase: random.pick(aimed), times: random.integer(1, 4), delayMs: shortDelay(random) }
    return { afterListeningMs: aimedMsMax, aim }
  }
  if (lot < 0.75) return { afterStartMs: random.integer(0, startMsMax), afterListeningMs: 0 }
  return { afterListeningMs: random.integer(0, listeningMsMax) }
}

/** The first time that a host comes to `phase`, at that very moment. */
export function killAt(phase: Phase): KillPlan {
  return { afterListeningMs: closeMsMax, aim: { phase, times: 1, delayMs: 0 } }
}

const aimed: readonly Phase[] = ['append', ...batchPhases]

function shortDelay(random: Random): number {
  return random.chance(0.4) ? 0 : random.integer(1, 15)
}
