/** What is kept, as metrics. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { KeptNow } from '../../../services/retention/kept-now.ts'
import { forgetMeasured, measureRetention } from '../../../services/retention/measure-retention.ts'
import { createMetrics, type Metrics } from '../../../shared/metrics.ts'
import { hourMs } from '../../../shared/window.ts'

const now = Date.parse('2026-11-23T12:00:00Z')

async function valuesOf(metric: Metrics['retentionOldestSeconds']): Promise<Record<string, number>> {
  return Object.fromEntries((await metric.get()).values.map(({ labels, value }) => [labels.kind, value / 3600]))
}

it('each kind has an age and whether it is past its time, the two hours of removing taken off', async () => {
  const metrics = createMetrics(false)
  const kept: KeptNow[] = [
    { kind: 'raw-records', oldestAt: now - 75 * hourMs, goesAt: now - 3 * hourMs },
    { kind: 'quarantine', oldestAt: now - 722 * hourMs, goesAt: now - 2 * hourMs },
    { kind: 'minute-cells', oldestAt: now - 100 * hourMs, goesAt: now - 52 * hourMs, heldBy: ['LEG-1'] },
    { kind: 'epoch-keys-month', oldestAt: now + 100 * hourMs, goesAt: now + 172 * hourMs },
    { kind: 'deletions', items: 0 },
  ]
  measureRetention(metrics, kept, now)
  assert.deepEqual(await valuesOf(metrics.retentionOldestSeconds), {
    'raw-records': 75,
    quarantine: 722,
    'minute-cells': 100,
    'epoch-keys-month': 0,
  })
  assert.deepEqual(await valuesOf(metrics.retentionOverdueSeconds), {
    'raw-records': 1,
    quarantine: 0,
    'minute-cells': 0,
    'epoch-keys-month': 0,
    deletions: 0,
  })
  measureRetention(metrics, [{ kind: 'raw-records', items: 0 }], now)
  assert.deepEqual(await valuesOf(metrics.retentionOldestSeconds), {})
  assert.deepEqual(await valuesOf(metrics.retentionOverdueSeconds), { 'raw-records': 0 })
  forgetMeasured(metrics)
  assert.deepEqual(await valuesOf(metrics.retentionOverdueSeconds), {})
})
