/**
 * Prometheus metrics, one registry per process. Labels come from closed sets only (reasons, partitions, grains): a
 * label with a sender's text in it would be a store of its own.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client'
import { GuardedRegistry } from './confidential/guarded-registry.ts'
import { confidentialKinds } from './confidential/kind.ts'
import { dropReasons } from './drop-reason.ts'

export interface Metrics {
  readonly registry: Registry
  readonly requests: Counter<'service' | 'status'>
  readonly accepted: Counter<'protocol'>
  readonly rejected: Counter<'reason'>
  readonly declined: Counter<'signal'>
  readonly undeclared: Counter<'protocol'>
  readonly counted: Counter
  readonly clamped: Counter
  readonly confidentialValues: Counter<'kind'>
  readonly dropped: Counter<'reason' | 'intended'>
  readonly batchEvents: Histogram
  readonly batchSeconds: Histogram
  readonly lagRecords: Gauge<'partition'>
  readonly freshnessSeconds: Gauge
  readonly logBytes: Gauge
  readonly tableBytes: Gauge
  readonly pendingBytes: Gauge
  readonly certificateEnd: Gauge
  readonly spoolBytes: Gauge
  readonly spooled: Counter
  readonly spoolExpiredBytes: Counter
  readonly epochKeys: Gauge<'kind'>
  readonly epochKeyDeadlineSeconds: Gauge<'kind'>
  readonly retentionOldestSeconds: Gauge<'kind'>
  readonly retentionOverdueSeconds: Gauge<'kind'>
  readonly quarantined: Gauge
  readonly choiceSubjectsRatio: Gauge
  readonly deletionsEntered: Counter
  readonly deletionWaitSeconds: Gauge
  readonly unsealedDays: Counter
  readonly sealFailures: Counter
  readonly epochKeysLost: Counter
}

/** @param processMetrics also the usual process_… and nodejs_… ones */
export function createMetrics(processMetrics = true): Metrics {
  const registry = new GuardedRegistry()
  if (processMetrics) collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []): Counter<L> =>
    new Counter({ name: `headcount_${name}`, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []): Gauge<L> =>
    new Gauge({ name: `headcount_${name}`, help, labelNames, registers })
  const metrics: Metrics = {
    registry,
    requests: counter('http_requests_total', 'HTTP requests answered, by service and status class', [
      'service',
      'status',
    ]),
    accepted: counter('events_accepted_total', 'Events durable in the event log', ['protocol']),
    rejected: counter('events_rejected_total', 'Events refused at the door', ['reason']),
    declined: counter(
      'events_declined_total',
      'Events not taken because the sender asked so; by a header or cookie: requests',
      ['signal'],
    ),
    undeclared: counter(
      'events_undeclared_total',
      'Events whose name or path the catalogue does not declare: `(other)`; `headcount undeclared` says more',
      ['protocol'],
    ),
    counted: counter('events_counted_total', 'Events rolled up into cells'),
    clamped: counter('events_clamped_total', 'Events whose time was more than 5 minutes ahead and was clamped'),
    confidentialValues: counter(
      'confidential_values_total',
      'Values of events that looked confidential and became (other)',
      ['kind'],
    ),
    dropped: counter('events_dropped_total', 'Events the worker did not count', ['reason', 'intended']),
    batchEvents: new Histogram({
      name: 'headcount_batch_events',
      help: 'Events per stored batch',
      buckets: [1, 10, 100, 1000, 10_000, 100_000],
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'headcount_batch_seconds',
      help: 'Seconds to process and store a batch',
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10],
      registers,
    }),
    lagRecords: gauge('log_lag_records', 'Log records not yet in the tables', ['partition']),
    freshnessSeconds: gauge('freshness_seconds', 'Age of the newest moment up to which everything is in the tables'),
    logBytes: gauge('log_bytes', 'Bytes of raw records in the event log'),
    tableBytes: gauge('table_bytes', 'Bytes of the aggregate tables'),
    pendingBytes: gauge('append_pending_bytes', 'Bytes waiting to become durable'),
    certificateEnd: gauge(
      'certificate_end_timestamp_seconds',
      'When the certificate of the collector ends, since the Unix epoch; 0: it has none',
    ),
    spoolBytes: gauge('spool_bytes', 'Bytes on the collector’s own disk that wait for the event log'),
    spooled: counter('spooled_records_total', 'Records that went into the spool because the event log was away'),
    spoolExpiredBytes: counter(
      'spool_expired_bytes_total',
      'Bytes of spooled records that waited 24 h and were removed: their events are lost',
    ),
    epochKeys: gauge('epoch_keys', 'Living epoch keys', ['kind']),
    epochKeyDeadlineSeconds: gauge(
      'epoch_key_deadline_seconds',
      'Until the first key of that kind of epoch is destroyed, whether or not all of it was counted',
      ['kind'],
    ),
    retentionOldestSeconds: gauge(
      'retention_oldest_seconds',
      'Age of the oldest of each kind of data; of a window or an epoch since its end',
      ['kind'],
    ),
    retentionOverdueSeconds: gauge(
      'retention_overdue_seconds',
      'How long the oldest of each kind of data is past its time and the two hours that removing takes; 0: it is not',
      ['kind'],
    ),
    quarantined: gauge('quarantined_events', 'Quarantine entries (reason and shape, no value)'),
    choiceSubjectsRatio: gauge(
      'choice_subjects_ratio',
      'Devices, cookies and clusters that have chosen something, as a share of the most that are kept',
    ),
    deletionsEntered: counter('deletions_entered_total', 'Deletions that have got their entry in the ledger'),
    deletionWaitSeconds: gauge(
      'deletion_wait_seconds',
      'Age of the oldest deletion that is in effect and has no entry in the ledger yet; 0: each has one',
    ),
    unsealedDays: counter(
      'unsealed_days_total',
      'Day keys destroyed at the raw-retention deadline before their day had closed',
    ),
    sealFailures: counter('seal_failures_total', 'Times that a day could not be sealed for release; it is tried again'),
    epochKeysLost: counter(
      'epoch_keys_lost_total',
      'Epochs (days, weeks, months) whose key was lost with the key-value store: their devices count anew',
    ),
  }
  for (const [reason, { intended }] of Object.entries(dropReasons))
    metrics.dropped.inc({ reason, intended: String(intended) }, 0)
  for (const kind of Object.keys(confidentialKinds)) metrics.confidentialValues.inc({ kind }, 0)
  return metrics
}
