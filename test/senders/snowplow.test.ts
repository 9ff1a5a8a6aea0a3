/** Snowplow's tracker for Node, by POST and by GET, over a connection that cannot be relied on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  buildPageView,
  buildScreenView,
  buildSelfDescribingEvent,
  buildStructEvent,
  newTracker,
} from '@snowplow/node-tracker'
import { headcountOfFile } from '../fixtures/headcount-of-file.ts'
import { filesHolding } from '../fixtures/live-folder.ts'
import { countFeatures } from './count-features.ts'
import { faults, type UnreliableProxy, unreliableProxy } from './unreliable-proxy.ts'

const appId = 'dcos-app'
const users = 20
const sendingMsMax = 60_000

const headcount = headcountOfFile({ HEADCOUNT_SENDER_KEYS: appId })

for (const [eventMethod, eventsOfEach, version] of [
  ['post', 16, '2.1'],
  ['get', 4, '2.2'],
] as const) {
  test(`by ${eventMethod}: refused, dropped and repeated requests lose and double nothing, and every event is told to be sent`, async () => {
    const proxy = await unreliableProxy(headcount.running.collectorUrl, {
      seed: 5,
      share: 0.6,
      canFail: () => true,
      retryAfterSeconds: 0,
    })
    try {
      const total = users * eventsOfEach
      const { sent, givenUp } = await sendAll(proxy, eventMethod, total, version)
      assert.equal(givenUp, 0)
      assert.equal(sent, total)
      for (const fault of faults) assert.ok(proxy.count(fault) > 0, `no request was ${fault}`)
      const counted = await countFeatures(headcount.running, headcount.dataDir, total, `version:${version}`)
      const each = { events: total / 4, devices: users }
      assert.deepEqual(counted, { '(other)': each, jobs: each, nodes: each, services: each })
      assert.deepEqual(await filesHolding(headcount.dataDir, 'canary.example', 'canary name'), [])
    } finally {
      await proxy.close()
    }
  })
}

interface Outcome {
  readonly sent: number
  /** Events that it does not want to send again. */
  readonly givenUp: number
}

async function sendAll(
  proxy: UnreliableProxy,
  eventMethod: 'post' | 'get',
  total: number,
  version: string,
): Promise<Outcome> {
  let sent = 0
  let givenUp = 0
  const tracker = newTracker(
    { namespace: 'test', appId },
    {
      endpoint: proxy.url,
      eventMethod,
      bufferSize: 1000,
      maxPostBytes: 8000,
      onRequestSuccess: (events) => {
        sent += events.length
      },
      onRequestFailure: ({ events, willRetry }) => {
        if (!willRetry) givenUp += events.length
      },
    },
  )
  tracker.setIpAddress('192.0.2.99')
  tracker.setUserId('user@canary.example')
  const entity = { schema: 'iglu:com.acme/context/jsonschema/1-0-0', data: { version, email: 'x@canary.example' } }
  for (let index = 0; index < total; index++) {
    tracker.setDomainUserId(`${eventMethod}-user-${index % users}`)
    tracker.track(eventOf(Math.floor(index / users) % 4), [entity])
  }
  // What failed stays with it until the next flush.
  for (const deadline = Date.now() + sendingMsMax; sent + givenUp < total && Date.now() < deadline; await sleep(5))
    await tracker.flush()
  return { sent, givenUp }
}

function eventOf(kind: number): ReturnType<typeof buildPageView> {
  const note = 'canary name'
  switch (kind) {
    case 0:
      return buildPageView({ pageUrl: `https://x.example/services/${note}`, pageTitle: note })
    case 1:
      return buildStructEvent({ category: note, action: 'Jobs', label: note })
    case 2:
      return buildScreenView({ name: 'Nodes', id: note })
    default:
      return buildSelfDescribingEvent({ event: { schema: 'iglu:com.acme/unknown/jsonschema/1-0-0', data: { note } } })
  }
}
