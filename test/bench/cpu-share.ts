/**
 * Holds a process at a share of one core, as a machine of its own of that size would: stopped when it has used more, let
 * go on when time has passed. So workers are measured beside each other although their servers are on the same cores.
 */
import { sampleProcess } from '../soak/process-sample.ts'

const lookEveryMs = 10
/** What a process left unused it may catch up on, but no more than that. */
const savedSecondsMax = 0.05

/**
 * @param share of one core, above 0
 * @returns lets it go for good
 */
export function holdAtShare(pid: number, share: number): () => void {
  let from = { at: performance.now(), cpuSeconds: sampleProcess(pid).cpuSeconds }
  let isStopped = false
  const signal = (stop: boolean) => {
    if (stop === isStopped) return
    process.kill(pid, stop ? 'SIGSTOP' : 'SIGCONT')
    isStopped = stop
  }
  const timer = setInterval(() => {
    const used = sampleProcess(pid).cpuSeconds - from.cpuSeconds
    const allowed = ((performance.now() - from.at) / 1000) * share
    signal(used > allowed)
    if (allowed - used > savedSecondsMax)
      from = { at: performance.now() - (savedSecondsMax / share) * 1000, cpuSeconds: from.cpuSeconds + used }
  }, lookEveryMs)
  return () => {
    clearInterval(timer)
    signal(false)
  }
}
