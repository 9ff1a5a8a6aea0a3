/** OpenTelemetry's log exporters, JSON and protobuf, with their own retries over a connection that cannot be relied on. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, test } from 'node:test'
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs'
import { headcountOfFile } from '../fixtures/headcount-of-file.ts'
import { credentialsOf } from '../fixtures/headcount-process.ts'
import { filesHolding } from '../fixtures/live-folder.ts'
import { countFeatures } from './count-features.ts'
import { type Asked, faults, unreliableProxy } from './unreliable-proxy.ts'

const devices = 10
const requests = 12
const total = 1200
/** On a busy machine nothing but the time of the test itself ends. */
const patienceMs = 120_000
const names = ['services', 'jobs', 'dcos_login', 'canary name']

const headcount = headcountOfFile()

/** Its results, one for each request that it was to make: 0 is success, also after retries of its own. */
function resultsOf(exporter: LogRecordExporter): unknown[] {
  const results: unknown[] = []
  const send = exporter.export.bind(exporter)
  exporter.export = (records, done) =>
    send(records, (result) => {
      results.push(result.error ?? result.code)
      done(result)
    })
  return results
}

/** @returns what the exporter says of its requests */
async function sendAll(exporter: LogRecordExporter, version: string): Promise<unknown[]> {
  const results = resultsOf(exporter)
  const batches = { maxQueueSize: total, maxExportBatchSize: total / requests, scheduledDelayMillis: patienceMs }
  const options = { exporter, ...batches, exportTimeoutMillis: patienceMs }
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor(options)] })
  const logger = provider.getLogger('canary-scope')
  for (let index = 0; index < total; index++)
    logger.emit({
      // Four times the same in the same millisecond, as a busy program logs: each of them counts.
      eventName: names[Math.floor(index / 4) % names.length] ?? '',
      body: 'canary@canary.example',
      attributes: {
        version,
        device: `device-${Math.floor(index / 16) % devices}`,
        'user.email': 'canary@canary.example',
      },
    })
  await provider.forceFlush({ timeoutMillis: patienceMs })
  await provider.shutdown()
  return results
}

/** The same request again has the same bytes but for gzip's, which Node makes the same too. */
const sameBytes = ({ body }: Asked) => hash('sha256', body)

describe('OpenTelemetry log exporters', { concurrency: true }, () => {
  for (const [encoding, Exporter, version, compression] of [
    ['JSON', JsonExporter, '2.1', 'none'],
    ['protobuf, gzipped', ProtobufExporter, '2.2', 'gzip'],
  ] as const) {
    test(`${encoding}: refused, dropped and repeated requests lose and double nothing, and the exporter sees success`, async () => {
      const { writeKey } = await credentialsOf(headcount.dataDir)
      const proxy = await unreliableProxy(headcount.running.collectorUrl, {
        seed: 33,
        share: 0.5,
        inARowMax: 2,
        nameOf: sameBytes,
      })
      try {
        const headers = { Authorization: `Bearer ${writeKey}` }
        const exporter = new Exporter({
          url: `${proxy.url}/v1/logs`,
          headers,
          compression,
          timeoutMillis: 60_000,
        } as object)
        const results = await sendAll(exporter, version)
        assert.deepEqual(results, Array(requests).fill(0))
        for (const fault of faults) assert.ok(proxy.count(fault) > 0, `no request was ${fault}`)
        const counted = await countFeatures(headcount.running, headcount.dataDir, total, `version:${version}`)
        const each = { events: total / names.length, devices }
        assert.deepEqual(counted, { '(other)': each, dcos_login: each, jobs: each, services: each })
        assert.deepEqual(await filesHolding(headcount.dataDir, 'canary.example', 'canary name', 'canary-scope'), [])
      } finally {
        await proxy.close()
      }
    })
  }
})
