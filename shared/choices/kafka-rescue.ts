/**
 * The topic was deleted, or made anew, or has lost its end: everybody who had opted out would be counted again. Whoever
 * still has the choices in memory writes those by which less is counted into the topic that is there now.
 */
import { LogUnavailableError } from '../eventlog/port.ts'
import { KafkaFold } from './kafka-fold.ts'
import type { ChoiceRecord } from './kafka-record.ts'
import { ChoiceTopic, type ChoiceTopicOptions } from './kafka-topic.ts'
import { type Choice, ChoiceLogUnavailableError, type Choices } from './port.ts'

const chunk = 1000
const readLimit = { records: 10_000, bytes: 4 * 1024 * 1024, waitMs: 0 }
const tries = 20
const retryMs = 500

/**
 * Returns how many were missing and are there now. Those of one subject may be there twice when somebody chose again
 * meanwhile: then less is counted, never more.
 * @throws ChoiceLogUnavailableError, LogUnavailableError when Kafka stays away
 */
export async function rescueChoices(options: ChoiceTopicOptions, mine: string, known: Choices): Promise<number> {
  for (let left = tries; ; left--) {
    try {
      return await rescueOnce(options, mine, known)
    } catch (error) {
      const passes = error instanceof LogUnavailableError || error instanceof ChoiceLogUnavailableError
      if (!passes || left === 1) throw error
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
}

async function rescueOnce(options: ChoiceTopicOptions, mine: string, known: Choices): Promise<number> {
  const topic = await ChoiceTopic.open(options)
  try {
    const fold = await readToEnd(topic)
    // Somebody has begun it under another key: what is known here means nothing there.
    if (fold.fingerprint !== undefined && fold.fingerprint !== mine) return 0
    if (fold.fingerprint === undefined) await topic.append([{ kind: 'fingerprint', fingerprint: mine }])
    const missing = restricting(known).filter(
      ({ subject, id }) => !fold.choices.history(subject).some((it) => it.id === id),
    )
    for (let from = 0; from < missing.length; from += chunk)
      await topic.append(missing.slice(from, from + chunk).map(recordOf))
    return missing.length
  } finally {
    await topic.close()
  }
}

async function readToEnd(topic: ChoiceTopic): Promise<KafkaFold> {
  const fold = new KafkaFold()
  const end = await topic.end().catch((error) => {
    throw new LogUnavailableError('the end of the choices cannot be read', { cause: error })
  })
  const reader = topic.reader({ mustBeCurrent: () => undefined, onTopicGone: () => undefined })
  while (fold.next < end) {
    const { records } = await reader.read(fold.next, readLimit)
    for (const record of records) fold.add(record)
    if (records.length === 0) fold.passTo(end)
  }
  await reader.close()
  return fold
}

/** Opt-outs that are in force, and deletions. */
function restricting(choices: Choices): Choice[] {
  const isOut = ({ subject }: Choice) => choices.countedFrom(subject) === Number.POSITIVE_INFINITY
  return [...choices.all()].filter((one) => one.act === 'deletion' || (one.act === 'opt-out' && isOut(one)))
}

function recordOf({ at: _, ...choice }: Choice): ChoiceRecord {
  return { kind: 'choice', choice }
}
