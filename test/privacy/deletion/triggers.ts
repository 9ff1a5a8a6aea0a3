/** What happens in the next life, drawn: who chooses at which moment, whether the partitions are handed over, when it dies. */
import type { Random } from '../../../services/command-line/demo-random.ts'
import type { Trigger } from './deletion-host.ts'
import { batchMoments, choiceMoments, type Moment, sealMoments } from './moments.ts'

const delayMsMax = 15
/** A batch and a choice come again and again, a seal comes once. */
const timesMax = { sending: 14, closing: 2 }
const handOver = { chance: 0.3 }
const choicesMax = 3

export function drawTriggers(stage: 'sending' | 'closing', random: Random): Trigger[] {
  const isSending = stage === 'sending'
  const places: readonly Moment[] = isSending
    ? [...batchMoments, ...choiceMoments]
    : [...sealMoments, 'look', ...choiceMoments]
  const where = () => ({ moment: random.pick(places), times: random.integer(1, timesMax[stage]) })
  const choosing = places.filter((moment) => !choiceMoments.some((one) => one === moment))
  const triggers: Trigger[] = Array.from({ length: random.integer(1, choicesMax) }, () => ({
    ...{ moment: random.pick(choosing), times: random.integer(1, timesMax[stage]), act: 'choose' },
  }))
  if (random.chance(handOver.chance)) triggers.push({ ...where(), act: 'hand over' })
  // Otherwise it is killed from outside, whenever that is.
  if (random.chance(0.8)) {
    const delayMs = random.chance(0.4) ? 0 : random.integer(1, delayMsMax)
    triggers.push({ ...where(), act: 'die', delayMs })
  }
  return triggers
}
