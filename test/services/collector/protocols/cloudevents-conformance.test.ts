/**
 * The cases of the CloudEvents project's conformance tests (https://github.com/cloudevents/conformance, format/json and
 * features/http-protocol-binding) under their names there; infra/senders/conformance.md lists them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RunningCollector, startCollector } from '../running-collector.ts'
import { listedCases } from './conformance-list.ts'

const path = '/v1/cloudevents'
const single = { 'content-type': 'application/cloudevents+json' }
const batch = { 'content-type': 'application/cloudevents-batch+json' }
const minimal = { specversion: '1.0', id: 'minimal', type: 'io.example.test', source: 'https://example.org' }
const timed = { ...minimal, id: 'timed' }
const allCore = {
  ...minimal,
  id: 'allCore',
  datacontenttype: 'text/plain',
  dataschema: 'https://example.org/schema',
  subject: 'tests',
  time: '2018-04-05T17:31:00Z',
}
const extensions = {
  ...minimal,
  extinteger: 10,
  extboolean: true,
  extstring: 'text',
  exturi: 'https://example.org',
  exturiref: '//authority/path',
  exttimestamp: '2023-03-31T15:12:00Z',
  extbinary: 'TWE=',
}
const without = (name: keyof typeof minimal): object => {
  const { [name]: _, ...rest } = minimal
  return rest
}

const validEvents: Record<string, object> = {
  validMinimal: minimal,
  validMinimalWithNullForOptional: { ...minimal, datacontenttype: null, dataschema: null, subject: null, time: null },
  validAllCoreAttributes: allCore,
  validMinimalWithTimeUtc: { ...timed, time: '2018-04-05T17:31:00Z' },
  validMinimalWithTimeToNanosecondsUtc: { ...timed, time: '2018-04-05T17:31:00.000000000Z' },
  validMinimalWithTimeUsingPositiveOffset: { ...timed, time: '2018-04-05T18:31:00+01:00' },
  validMinimalWithTimeUsingNegativeOffset: { ...timed, time: '2018-04-05T16:31:00-01:00' },
  validRelativeSource: { ...minimal, source: '#fragment' },
  validSimpleTextData: { ...minimal, datacontenttype: 'text/plain', data: 'Simple text' },
  validAllExtensionTypes: extensions,
}

const invalidEvents: Record<string, object> = {
  invalidNoSpecVersion: without('specversion'),
  invalidNoId: without('id'),
  invalidNoType: without('type'),
  invalidNoSource: without('source'),
  invalidTimeGarbage: { ...minimal, time: 'noon' },
  invalidTimeToMinute: { ...minimal, time: '2018-04-05T18:31Z' },
  invalidTimeOffsetX: { ...minimal, time: '2018-04-05T18:31:00X' },
  invalidTimeOffsetOutOfRange: { ...minimal, time: '2018-04-05T18:31:00+25:00' },
  invalidTimeOffsetNonInteger: { ...minimal, time: '2018-04-05T18:31:00+xx:00' },
  invalidTimeOffsetHourOnly: { ...minimal, time: '2018-04-05T18:31:00+05' },
  invalidEmptyId: { ...minimal, id: '' },
  invalidEmptyType: { ...minimal, type: '' },
  invalidEmptySource: { ...minimal, source: '' },
  invalidEmptySpecVersion: { ...minimal, specversion: '' },
  invalidUnknownSpecVersion: { ...minimal, specversion: '0.9' },
  invalidNonRfc2046DataContentType: { ...minimal, datacontenttype: 'xyz' },
  invalidEmptyDataContentType: { ...minimal, datacontenttype: '' },
  invalidEmptyDataSchema: { ...minimal, dataschema: '' },
  invalidEmptySubject: { ...minimal, subject: '' },
  invalidNumericId: { ...minimal, id: 25 },
  invalidObjectId: { ...minimal, id: { a: 'b' } },
  invalidCapitalizedExtension: { ...minimal, MyExtension: 'bad' },
  invalidPunctuatedExtension: { ...minimal, 'my.extension': 'bad' },
  invalidNonIntegerExtensionValue: { ...minimal, 'my.extension': 1.5 },
  invalidBothDataAndDataBase64: { ...minimal, data: 'text', data_base64: 'eyAieHl6IjogMTIzIH0=' },
}

const validBatches: Record<string, object[]> = {
  validBatchEmpty: [],
  validBatchMinimal: [minimal],
  validBatchMinimal2: [minimal, minimal],
  validBatchMinimalAndAllCore: [minimal, allCore],
  validBatchMinimalAndAllExtensionTypes: [minimal, extensions],
}

const invalidBatches: Record<string, unknown[]> = {
  invalidBatchMixedSpecVersions: [minimal, { ...minimal, specversion: '0.9' }],
  invalidBatchContainingInvalidCloudEvent: [without('id')],
  invalidBatchContainingNonObject: ['not an object', minimal],
}

/** The examples of the HTTP binding's two outlines: mode and Content-Type. */
const bindings: Record<string, Record<string, string>> = {
  'Binary content mode (application/json)': { 'content-type': 'application/json' },
  'Binary content mode (application/json; charset=utf-8)': { 'content-type': 'application/json; charset=utf-8' },
  'Structured content mode (application/cloudevents+json)': single,
  'Structured content mode (application/cloudevents+json; charset=utf-8)': {
    'content-type': 'application/cloudevents+json; charset=utf-8',
  },
}

type KeptEvent = [id: string, time: number, ...unknown[]]
const kept = (running: RunningCollector) => running.records().flatMap(({ events }) => events as KeptEvent[])

test('valid events are taken, and times of the four forms are the same moment', async () => {
  await using running = await startCollector()
  for (const [name, event] of Object.entries(validEvents)) {
    const before = kept(running).length
    const answer = await running.send(event, single, path)
    assert.equal(answer.status, 202, name)
    assert.equal(kept(running).length, before + 1, name)
  }
  const moments = kept(running).filter(([, time]) => time === Date.parse('2018-04-05T17:31:00Z'))
  assert.deepEqual(new Set(moments.slice(1).map(([id]) => id)).size, 1)
  assert.equal(moments.length, 5)
})

test('invalid events are refused: 400 with what is wrong, and nothing is taken', async () => {
  await using running = await startCollector()
  for (const [name, event] of Object.entries(invalidEvents)) {
    const answer = await running.send(event, single, path)
    assert.equal(answer.status, 400, name)
    const problem = (await answer.json()) as { type: string; detail: string }
    assert.equal(problem.type, 'urn:headcount:problem:not-a-cloudevent', name)
    assert.match(problem.detail, /`?\w+`? .*None of the request was taken\.$/, name)
  }
  assert.equal(running.log.appends, 0)
})

test('valid batches are taken event by event', async () => {
  await using running = await startCollector()
  for (const [name, events] of Object.entries(validBatches)) {
    const before = kept(running).length
    assert.equal((await running.send(events, batch, path)).status, 202, name)
    assert.equal(kept(running).length, before + events.length, name)
  }
})

test('invalid batches are refused as a whole, by the index of the first wrong event', async () => {
  await using running = await startCollector()
  for (const [name, events] of Object.entries(invalidBatches)) {
    const answer = await running.send(events, batch, path)
    assert.equal(answer.status, 400, name)
    const index = name === 'invalidBatchMixedSpecVersions' ? 1 : 0
    assert.match(((await answer.json()) as { detail: string }).detail, new RegExp(`^Event ${index} of the batch: `))
  }
  assert.equal(running.log.appends, 0)
})

test('the HTTP binding: attributes and data of an event are the same in binary and structured mode', async () => {
  await using running = await startCollector()
  const time = new Date(Date.now() - 1000).toISOString()
  const event = { ...minimal, type: 'services', time }
  const data = { version: '2.1', message: 'Hello' }
  const names = Object.entries(event).map(([name, value]) => [`CE-${name}`, value])
  for (const [name, headers] of Object.entries(bindings)) {
    const answer = name.startsWith('Binary')
      ? await running.send(data, { ...Object.fromEntries(names), ...headers }, path)
      : await running.send({ ...event, datacontenttype: 'application/json', data }, headers, path)
    assert.equal(answer.status, 202, name)
  }
  const [first, ...others] = kept(running)
  assert.deepEqual(first?.slice(1), [Date.parse(time), 'services', { version: '2.1' }])
  assert.equal(others.length, 3)
  for (const other of others) assert.deepEqual(other, first)
})

test('the list of cases has these, each passing, and no other', async () => {
  const cases = [validEvents, invalidEvents, validBatches, invalidBatches, bindings].flatMap((some) =>
    Object.keys(some),
  )
  assert.equal(cases.length, 47)
  assert.deepEqual(await listedCases('CloudEvents'), cases.sort())
})
