import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isIdentifier } from '../../../../services/collector/event-values.ts'
import { SignalReports } from '../../../../services/collector/protocols/dcos-signal.ts'
import { DeclaredValues } from '../../../../services/collector/protocols/declared-values.ts'
import { segmentEvent } from '../../../../services/collector/protocols/segment-item.ts'
import { readCatalogue } from '../../../../shared/catalogue-file.ts'

const catalogue = readCatalogue('')
const reports = new SignalReports(catalogue, new DeclaredValues(catalogue))
const sender = {
  receivedAt: 1_600_000_000_000,
  ip: '192.0.2.1',
  userAgent: 'a',
  route: 'node',
  cookie: undefined,
} as const
const context = { type: undefined, sentAt: undefined, sender, declared: catalogue.fields }

const values = (id: string): string[] => {
  const domain = catalogue.dimensions.find((one) => one.id === id)!.domain
  return domain.kind === 'values' ? [...domain.values] : []
}
const declaredTexts = new Set(['variant', 'provider', 'source', 'package', 'unit'].flatMap(values).concat('(other)'))

/** What stands where a report has something: declared values, values of nobody's, and any JSON. */
const value = fc.oneof(fc.constantFrom(...declaredTexts), fc.string(), fc.double(), fc.jsonValue({ maxDepth: 3 }))
const unit = fc.oneof(fc.constantFrom(...values('unit')), fc.string())
const kind = fc.constantFrom('-service', '-timer', '-socket', '')
const unitKey = fc
  .tuple(unit, kind, fc.constantFrom('-unhealthy', '-total'))
  .map((parts) => `health-unit-${parts.join('')}`)
const definition = fc.record({ name: value, version: value }, { requiredKeys: [] })
const installed = fc.record(
  { appId: value, packageInformation: fc.oneof(value, fc.record({ packageDefinition: fc.oneof(value, definition) })) },
  { requiredKeys: [] },
)
const properties = fc
  .tuple(
    fc.dictionary(unitKey, value),
    fc.record(
      {
        package_list: fc.oneof(value, fc.array(fc.oneof(value, installed))),
        clusterId: fc.oneof(fc.constant('c-1'), value),
        environmentVersion: value,
        variant: value,
        provider: value,
        agents_active: value,
        cpu_total: value,
        frameworks: value,
        customerKey: value,
      },
      { requiredKeys: [] },
    ),
  )
  .map(([units, others]) => ({ ...units, ...others, source: 'cluster' }))
const item = fc.record({
  event: fc.constantFrom('health', 'package_list', 'mesos_track'),
  type: fc.constant('track'),
  anonymousId: value,
  messageId: value,
  timestamp: value,
  properties,
})

test('whatever a report has: an event for each declared part and one for all others, and no text but a declared one', () => {
  fc.assert(
    fc.property(item, (sent) => {
      const event = segmentEvent(sent, context)
      const found = reports.eventsOf(sent, event)
      assert.ok(found)
      assert.ok(found.length <= Math.max(values('unit').length, values('package').length) + 1)
      const events = found.filter((one) => typeof one !== 'string')
      assert.equal(new Set(events.map(({ id }) => id)).size, events.length)
      for (const { id, time, field, identifiers } of events) {
        assert.ok(isIdentifier(id) && Number.isFinite(time))
        assert.ok(typeof identifiers.cluster !== 'string' || !/[\s/]/.test(identifiers.cluster))
        for (const name of catalogue.fields.keys()) {
          const kept = field(name)
          if (typeof kept !== 'string') continue
          assert.ok(name === 'version' ? isVersion(kept) : declaredTexts.has(kept), `${name} is ${kept}`)
        }
      }
    }),
    { numRuns: 5000 },
  )
})

function isVersion(text: string): boolean {
  return text === '(other)' || /^\d{1,3}\.\d{1,4}(\.\d{1,4})?(-(dev|alpha|beta|rc)[0-9]{0,2})?$/.test(text)
}
