/**
 * The same event through any two dialects gives the same cell. What the worker makes of an event follows from its record
 * (unit, route, user agent, address, time, feature, fields), so records are compared; ids are the dialects' own.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyDialect } from '../../../../services/collector/protocols/every-dialect.ts'
import { readCatalogue } from '../../../../shared/catalogue-file.ts'
import { decodeRecord, eventsOf } from '../../../../shared/event.ts'
import { seeded } from '../../../flow/hostile-requests.ts'
import { key, nameless, pages, programs, type Sent, type Use } from './every-encoding.ts'

const receivedAt = Date.parse('2026-11-23T10:20:00Z')
const rounds = 300
const catalogue = readCatalogue('')
const dialects = everyDialect({
  catalogue,
  isSenderKey: (given) => given === key,
  limits: { bodyBytesMax: 1 << 20, inflatedBytesMax: 1 << 20 },
  eventsMax: 100,
})

/** What the worker will see of it, without the event's id. */
function recordOf(sent: Sent, inBrowser: boolean): object {
  const path = sent.url.split('?', 1)[0]
  const dialect = dialects.find(({ routes }) =>
    routes.some((route) => route.path === path && route.method === sent.method),
  )
  assert.ok(dialect, path)
  const authorized = dialect.authorize(sent) === 'granted'
  const route = inBrowser ? ('browser' as const) : ('node' as const)
  const userAgent = inBrowser ? 'Mozilla/5.0 (X11; Linux x86_64)' : 'program/1'
  const sender = { receivedAt, ip: '192.0.2.7', userAgent, route, cookie: undefined }
  const { records } = dialect.read({ ...sent, authorized, sender })
  assert.equal(records.length, 1, dialect.name)
  const decoded = decodeRecord(records[0]?.bytes() as Buffer)
  assert.ok(decoded)
  const [event] = eventsOf(decoded)
  const fields = Object.fromEntries(Object.entries(event?.fields ?? {}).sort())
  const { unit, ip } = decoded
  return {
    unit,
    ip,
    route: decoded.route,
    userAgent: decoded.userAgent,
    time: event?.time,
    feature: event?.feature,
    fields,
  }
}

function useOf(random: () => number): Use {
  const of = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const features = catalogue.features.filter(({ unit }) => unit !== 'cluster').map(({ id }) => id)
  const all = {
    version: of(['2.1', '1.13.5', 'x y', '']),
    variant: of(['open', 'no such']),
    agents: Math.floor(random() * 99),
  }
  return {
    id: 'e1',
    feature: of([...features, 'nobody_declared_it']),
    device: of(['d1', 'user@example.org', 'Ünï-😀', '1'.repeat(256)]),
    at: receivedAt - Math.floor(random() * 80_000_000),
    fields: Object.fromEntries(Object.entries(all).filter(() => random() < 0.6)),
  }
}

for (const [what, encodings, inBrowser] of [
  ['a program', programs, false],
  ['a page', pages, true],
  ['a page that says nothing of who sent it', nameless, true],
] as const) {
  test(`the same event of ${what} is the same to the worker through each of ${Object.keys(encodings).join(', ')}`, () => {
    const random = seeded(20261125)
    const different = new Set<string>()
    for (let round = 0; round < rounds; round++) {
      const use = useOf(random)
      const [first, ...others] = Object.entries(encodings)
      assert.ok(first)
      const expected = recordOf(first[1](use), inBrowser)
      different.add(JSON.stringify(expected))
      for (const [name, encode] of others)
        assert.deepEqual(recordOf(encode(use), inBrowser), expected, `${first[0]} and ${name}: ${JSON.stringify(use)}`)
    }
    // Control: the comparison sees more than that there is an event.
    assert.ok(different.size > rounds / 4, `${different.size} different events`)
  })
}
