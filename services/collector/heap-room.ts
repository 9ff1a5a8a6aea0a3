/**
 * How much may be allocated until V8 looks for garbage in its old space again. Bodies stand outside its heap but count as
 * growth of it, until the next scavenge frees them: about 100 MB under load. V8 goes by what has survived, of which a
 * collector has next to nothing (27 MB), and gives itself 16 MB and up: in about every second process it marked and swept
 * ten times a second without an end, which doubled the collector's cost. So it is told a factor that gives room enough.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

const roomBytes = 160 * 1024 * 1024
const lookMs = 60_000
/** V8's own least factor. */
const percentMin = 30
const isYoung = /^(?:new|new_large_object|read_only)_space$/

/** Sees to it, in the whole process, until what it returns is called. */
export function keepHeapRoom(): () => void {
  setGrowth()
  const looking = setInterval(setGrowth, lookMs).unref()
  return () => clearInterval(looking)
}

/** A factor and not a size is what can be set: it gets smaller as what is kept (choices) gets more. */
function setGrowth(): void {
  const used = getHeapSpaceStatistics()
    .filter(({ space_name }) => !isYoung.test(space_name))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0)
  setFlagsFromString(`--heap-growing-percent=${growthPercent(used)}`)
}

/** @param used bytes in V8's old spaces */
export function growthPercent(used: number): number {
  return Math.max(percentMin, Math.ceil((100 * roomBytes) / used))
}
