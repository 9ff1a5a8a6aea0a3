import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReleasedValues } from '../../../services/worker/seal/released-values.ts'
import { parseCatalogue } from '../../../shared/catalogue-file.ts'
import { openInstallation, recordOf } from '../../fixtures/installation.ts'

const catalogueOf = (dimension: string) =>
  parseCatalogue(
    `
version: "1"
title: open
k: 1
features:
  - { id: a, title: A }
dimensions:
  - ${dimension}
  - { id: edition, title: Edition, from: event, values: [small, large] }
datasets:
  - id: usage
    title: Usage
    dimensions: [note, edition]
    audience: partners
    release: [{ level: leaf, by: [note, edition], cells: 8, events: 8, share: "1" }]
`,
    'open.yaml',
  )
const anything = "{ id: note, title: Note, from: event, rule: '.+', cap: 100 }"
const anythingGoes = "{ id: note, title: Note, from: event, rule: '.+', cap: 100, mayLookLike: [email, address] }"

/** What is in the table and in the key-value store after events with these values have been counted. */
async function stored(dimension: string, notes: readonly string[], editions: readonly string[] = []) {
  const world = await openInstallation({ catalogue: catalogueOf(dimension) })
  try {
    const fields = [...notes.map((note) => ({ note })), ...editions.map((edition) => ({ edition }))]
    await world.append(fields.map((one) => recordOf({ at: world.clock, events: 2, fields: one })))
    await world.settle(await world.startWorker())
    const rows = await world.rows<{ note: string; edition: string; events: string }>(
      "SELECT d_note AS note, d_edition AS edition, toString(sum(events)) AS events FROM cells WHERE grain = 'day' GROUP BY ALL ORDER BY ALL",
    )
    let entries = ''
    for await (const [key, value] of world.engines.keyValue.scan('known-values/')) entries += `${key} ${value}\n`
    const counter = await world.metrics.confidentialValues.get()
    const counted = counter.values.filter(({ value }) => value > 0).map(({ labels, value }) => [labels.kind, value])
    return { rows, entries, counted }
  } finally {
    await world.close()
  }
}

test('a rule that lets anything through lets nothing confidential through: it is (other), counted by kind for every event', async () => {
  const { rows, entries, counted } = await stored(anything, ['1.2.3', 'jane@example.org', '10.0.0.1', 'fine'])
  assert.deepEqual(rows, [
    { note: '(other)', edition: '(none)', events: '4' },
    { note: '1.2.3', edition: '(none)', events: '2' },
    { note: 'fine', edition: '(none)', events: '2' },
  ])
  assert.match(entries, /\["1\.2\.3","fine"\]/)
  assert.doesNotMatch(entries, /jane|10\.0\.0\.1/)
  assert.deepEqual(counted, [
    ['email', 2],
    ['address', 2],
  ])
})

test('the control: a catalogue that lets these kinds through has them in the table and in the key-value store', async () => {
  const { rows, entries, counted } = await stored(anythingGoes, ['jane@example.org', '10.0.0.1'])
  assert.deepEqual(
    rows.map(({ note }) => note),
    ['10.0.0.1', 'jane@example.org'],
  )
  assert.match(entries, /jane/)
  assert.deepEqual(counted, [])
})

test('a confidential value where a closed list was expected is told as well', async () => {
  const { rows, counted } = await stored(anything, [], ['large', 'jane@example.org', 'huge'])
  assert.deepEqual(
    rows.map(({ edition, events }) => [edition, events]),
    [
      ['(other)', '4'],
      ['large', '2'],
    ],
  )
  assert.deepEqual(counted, [['email', 2]])
})

test('what is released is guarded likewise', () => {
  const client = { browser: '', os: '', deviceType: '' }
  const released = (dimension: string) =>
    new ReleasedValues(catalogueOf(dimension)).of(
      { feature: 'a', fields: { note: 'jane@example.org' }, naturalKey: undefined },
      '',
      client,
    )
  assert.doesNotMatch(released(anything), /jane/)
  assert.match(released(anythingGoes), /jane/, 'the control')
})

test('a catalogue whose own values look confidential is a mistake that is told without the value', () => {
  const values = (list: string, more = '') =>
    catalogueOf(`{ id: note, title: Note, from: event, values: [${list}]${more} }`)
  assert.throws(
    () => values('ok, jane@example.org'),
    (error: Error) => {
      assert.match(error.message, /open\.yaml:8: one of `values` looks like an email address.*mayLookLike: \[email\]/)
      assert.doesNotMatch(error.message, /jane/)
      return true
    },
  )
  assert.doesNotThrow(() => values('ok, jane@example.org', ', mayLookLike: [email]'))
  assert.throws(() => values('ok', ', mayLookLike: [anything]'), /`mayLookLike` may have email, phone/)
  assert.throws(
    () => catalogueOf('{ id: note, title: Note, from: event, buckets: [1, 2], mayLookLike: [email] }'),
    /open\.yaml:8: `mayLookLike` is for dimensions with `values` or a `rule`/,
  )
})
