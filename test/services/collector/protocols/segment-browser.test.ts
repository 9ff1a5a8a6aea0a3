import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../../shared/config.ts'
import { startCollector, writeKey } from '../running-collector.ts'

type Kept = [id: string, time: number, feature: string, fields: Record<string, unknown>]
interface Settings {
  integrations: { 'Segment.io': { apiHost: string; protocol: string; apiKey: string } }
  metrics: { sampleRate: number }
}

test('the paths of one letter, as plain text with the key in the body; traits are taken and leave nothing', async () => {
  await using running = await startCollector()
  const post = (letter: string, body: object) =>
    fetch(`${running.url}/v1/${letter}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', origin: 'https://ui.example.org' },
      body: JSON.stringify({ writeKey, ...body }),
    })
  const item = { anonymousId: 'd1', messageId: 'm', context: { library: { name: 'analytics.js' } } }
  const person = { ...item, userId: 'canary@canary.example', traits: { email: 'canary@canary.example' } }
  for (const [letter, body] of [
    ['t', { ...item, event: 'services' }],
    ['p', { ...item, properties: { path: '/dashboard/canary', title: 'canary', url: 'https://canary.example/' } }],
    ['s', { ...item, name: 'Nodes' }],
    ['i', person],
    ['g', { ...person, groupId: 'canary' }],
    ['a', { ...person, previousId: 'canary' }],
    [
      'b',
      {
        batch: [
          { ...item, type: 'track', event: 'jobs' },
          { ...person, type: 'identify' },
        ],
        sentAt: new Date().toISOString(),
      },
    ],
  ] as const) {
    const answer = await post(letter, body)
    assert.equal(answer.status, 200, letter)
    assert.deepEqual(await answer.json(), { success: true })
  }
  const features = running.records().flatMap(({ events }) => (events as Kept[]).map(([, , feature]) => feature))
  assert.deepEqual(features, ['services', 'dashboard', 'nodes', 'jobs'])
  assert.ok(!JSON.stringify(running.records()).includes('canary'))
  assert.equal((await post('t', { writeKey: 'wrong', ...item, event: 'services' })).status, 401)
})

test('settings name the address that the browser used, over TLS as the proxy or the operator says; a wrong key gets none', async () => {
  const asked = async (settings: object, headers: Record<string, string> = {}): Promise<Settings & { url: string }> => {
    await using running = await startCollector({ settings })
    const answer = await fetch(`${running.url}/v1/projects/${writeKey}/settings`, { headers })
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('cache-control') ?? '', /private/)
    return { ...((await answer.json()) as Settings), url: running.url }
  }
  const { trustedProxies } = readConfig({ HEADCOUNT_TRUSTED_PROXIES: '127.0.0.1' })
  const forwarded = { 'x-forwarded-proto': 'https' }
  for (const [settings, headers, protocol, host] of [
    [{}, {}, 'http', undefined],
    [{}, forwarded, 'http', undefined],
    [{ trustedProxies }, forwarded, 'https', undefined],
    [{ collectorPublicUrl: 'https://counts.example/in' }, {}, 'https', 'counts.example/in'],
  ] as const) {
    const { url, integrations, metrics } = await asked(settings, headers)
    const wanted = { apiKey: writeKey, apiHost: `${host ?? new URL(url).host}/v1`, protocol }
    const { apiKey, apiHost, protocol: given } = integrations['Segment.io']
    assert.deepEqual({ apiKey, apiHost, protocol: given }, wanted)
    assert.equal(metrics.sampleRate, 0)
    assert.deepEqual(Object.keys(integrations), ['Segment.io'])
  }
  await using running = await startCollector()
  assert.equal((await fetch(`${running.url}/v1/projects/wrong/settings`)).status, 401)
})
