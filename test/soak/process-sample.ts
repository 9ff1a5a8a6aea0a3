/** What a process takes of the machine, read from Linux's /proc (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs'

/** Ticks a second of the times in /proc, the same on every Linux that Node runs on. */
const ticksPerSecond = 100

export interface ProcessSample {
  /** Resident memory, bytes. */
  readonly resident: number
  /** Open file handles. */
  readonly handles: number
  /** Processor time so far, user and system, all threads; seconds. */
  readonly cpuSeconds: number
}

/** @throws Error when there is no such process, or no /proc */
export function sampleProcess(pid: number): ProcessSample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no VmRSS: the process has ended`)
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the program's name, in parentheses and with whatever is in it; utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {
    resident: Number(kib) * 1024,
    handles: readdirSync(`/proc/${pid}/fd`).length,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  }
}
