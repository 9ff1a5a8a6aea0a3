/**
 * What was not counted and why, since this process began: the worker's drops and the door's refusals, by reasons of closed lists.
 * Where worker and collector are processes of their own they count for themselves, and there is nothing to tell here.
 */
import { dropReasons, rejectReasons } from '../../../shared/drop-reason.ts'
import type { Metrics } from '../../../shared/metrics.ts'
import type { NotCounted } from './page-answers.ts'

const means: Readonly<Record<string, string>> = {
  ...rejectReasons,
  ...Object.fromEntries(Object.entries(dropReasons).map(([reason, one]) => [reason, one.means])),
}

/** The most events first. */
export async function notCounted({ dropped, rejected }: Metrics): Promise<NotCounted[]> {
  const counted = async (where: NotCounted['where'], counter: typeof dropped | typeof rejected) =>
    (await counter.get()).values.map(({ labels, value }) => {
      const { reason, intended } = labels as { reason: string; intended?: string }
      return { where, reason, means: means[reason] ?? '', isIntended: intended === 'true', events: value }
    })
  return [...(await counted('worker', dropped)), ...(await counted('door', rejected))]
    .filter(({ events, means: why }) => events > 0 && why !== '')
    .sort((a, b) => b.events - a.events)
}
