/** Refusals are counted, by reason and nothing else; the ledger has what was handed out. */
import { Counter } from 'prom-client'
import type { ProblemError } from '../../../shared/http/problem.ts'
import type { Metrics } from '../../../shared/metrics.ts'

const reasons = {
  400: 'invalid',
  401: 'no-partner',
  403: 'link-not-valid',
  404: 'no-such-release',
  409: 'conflict',
  412: 'precondition',
  413: 'invalid',
  415: 'invalid',
  416: 'range',
  429: 'too-many',
  500: 'error',
  503: 'unavailable',
} as const

export type CountRefusal = (refused: ProblemError) => void

/** Counts in `headcount_partner_refusals_total`, made once for a registry. */
export function refusalCounter({ registry }: Pick<Metrics, 'registry'>): CountRefusal {
  const name = 'headcount_partner_refusals_total'
  const counter =
    (registry.getSingleMetric(name) as Counter<'reason'> | undefined) ??
    new Counter({ name, help: 'Requests of partners that were refused', labelNames: ['reason'], registers: [registry] })
  for (const reason of new Set(Object.values(reasons))) counter.inc({ reason }, 0)
  return ({ problem: { status } }) => counter.inc({ reason: reasons[status as keyof typeof reasons] ?? 'error' })
}
