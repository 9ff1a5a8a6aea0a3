/** A day's release through the whole installation, over HTTP: asked for by a thousand at once, pulled by partners again and again. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { addPartner } from '../../../services/partners/partner-registry.ts'
import { sha256Hex } from '../../../services/release/sha256.ts'
import { encodeRecord } from '../../../shared/event.ts'
import { WholeInstallation } from '../whole-installation.ts'

const day = '2026-11-20'
const dataset = 'feature_usage'
const devices = 400
const partnersCount = 3
const formats = ['csv', 'ndjson', 'parquet', 'arrow', 'manifest'] as const

let installation: WholeInstallation
before(async () => {
  installation = await WholeInstallation.start()
  const { headcount, clock } = installation
  const now = clock.now()
  const feature = headcount.catalogue.features[0]!.id
  await headcount.engines.log.append(
    Array.from({ length: devices }, (_, index) => ({
      partition: index % headcount.engines.log.partitions,
      value: encodeRecord({
        ...{ receivedAt: now, route: 'node', ip: '192.0.2.1', userAgent: 'agent/1' },
        unit: { kind: 'device', id: `device-${index}` },
        events: [{ id: `event-${index}`, time: now, feature, fields: {} }],
      }),
    })),
  )
  await installation.settle()
  await installation.passTo('2026-11-21T03:00:00Z')
})
after(() => installation.remove())

interface Answer {
  status: number
  body: { state?: string; releases?: { sha256: string; rows: number }[] }
}

/** Without a limit on connections or on the time that one takes: fetch gives up on one after ten seconds. */
const agent = new Agent()

async function ask(wanted: string): Promise<Answer> {
  const { reportingUrl, credentials } = installation.headcount
  const asked = request(`${reportingUrl}/api/v1/releases`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.adminToken}`, 'content-type': 'application/json' },
    agent,
  })
  asked.end(JSON.stringify({ day: wanted }))
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: answer.statusCode ?? 0, body: (await json(answer)) as Answer['body'] }
}

test('a thousand POST /api/v1/releases at once: one release, and every answer is that or none', async () => {
  const answers = await Promise.all(Array.from({ length: 1000 }, () => ask(day)))
  const published = answers.filter(({ status }) => status === 200)
  assert.ok(published.length > 0)
  for (const { body } of published) assert.deepEqual(body, published[0]?.body)
  assert.ok((published[0]?.body.releases?.[0]?.rows ?? 0) > 0, 'the release has rows')
  for (const { status, body } of answers) {
    assert.ok([200, 202, 429, 503].includes(status), `${status}`)
    if (status !== 200) assert.equal(body.releases, undefined, 'no data')
  }
  const kinds: Record<string, number> = {}
  for await (const { event } of installation.headcount.ledger.entries())
    if ('day' in event && event.day === day) kinds[event.kind] = (kinds[event.kind] ?? 0) + 1
  assert.deepEqual(kinds, { 'budget.reserved': 1, 'release.sealed': 1, 'release.published': 1 })
  const refused = await ask('2026-11-19')
  assert.equal(refused.status, 409)
  assert.equal(refused.body.releases, undefined)
})

test('every partner gets the same bytes in each format, however often and whenever', async () => {
  const { ledger } = installation.headcount
  const keys: string[] = []
  for (let index = 0; index < partnersCount; index++) {
    const wish = { name: `Partner ${index}`, datasets: [dataset], purpose: 'test', until: '2027-01-01' }
    keys.push((await addPartner(ledger, installation.clock, wish, new Set([dataset]))).key)
  }
  const seen = new Map<string, Set<string>>()
  const pull = async (key: string, format: (typeof formats)[number]) => {
    const { reportingUrl } = installation.headcount
    const url = `${reportingUrl}/partner/v1/datasets/${dataset}/releases/${day}${format === 'manifest' ? '' : `?format=${format}`}`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } })
    assert.equal(answer.status, 200, `${format}: ${answer.status}`)
    const sha256 = sha256Hex(Buffer.from(await answer.arrayBuffer()))
    seen.set(format, (seen.get(format) ?? new Set()).add(sha256))
  }
  const round = async () => {
    for (let pulls = 0; pulls < 6; pulls++)
      await Promise.all(keys.flatMap((key) => formats.map((format) => pull(key, format))))
  }
  await round()
  await ask(day)
  await installation.restart()
  installation.clock.advance(60_000)
  await round()
  assert.deepEqual(
    [...seen.values()].map(({ size }) => size),
    formats.map(() => 1),
  )
  const state = (await installation.headcount.ledger.state()).release(day, dataset)
  assert.deepEqual([...(seen.get('manifest') ?? [])], [state?.sha256])
})
