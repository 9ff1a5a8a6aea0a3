/**
 * A page at the collector's own address, as behind one proxy: each visit sends one event, by `fetch` or by `sendBeacon`, as
 * the scripts of DC/OS' UI and of Segment do.
 */
import assert from 'node:assert/strict'
import type { WholeInstallation } from '../privacy/whole-installation.ts'
import type { Visitor } from './chromium.ts'

export type Way = 'fetch' | 'beacon'

export class SendingPage {
  readonly #world: WholeInstallation
  readonly #visitor: Visitor
  #visits = 0

  constructor(world: WholeInstallation, visitor: Visitor) {
    this.#world = world
    this.#visitor = visitor
  }

  get url(): string {
    return `${this.#world.headcount.collectorUrl}/of-the-test`
  }

  /** Opens the page and waits until what it sent is answered. Returns the answer's text and its headers. */
  async visit(way: Way = 'fetch'): Promise<{ text: string; headers: Record<string, string> }> {
    const { page, context } = this.#visitor
    const path = way === 'fetch' ? '/v1/events' : '/v1/track'
    await context.route(this.url, (route) => route.fulfill({ contentType: 'text/html', body: this.#html(way) }))
    const answered = page.waitForResponse((response) => new URL(response.url()).pathname === path)
    await page.goto(this.url)
    const response = await answered
    assert.equal(response.status(), 200)
    return { text: await response.text(), headers: await response.allHeaders() }
  }

  #html(way: Way): string {
    const { credentials } = this.#world.headcount
    const time = new Date(this.#world.clock.now()).toISOString()
    const id = `visit-${Date.now()}-${this.#visits++}`
    const native = { events: [{ id, time, feature: 'dashboard', source: 'ui' }] }
    const segment = {
      type: 'track',
      event: 'dashboard',
      messageId: id,
      timestamp: time,
      writeKey: credentials.writeKey,
    }
    const script =
      way === 'fetch'
        ? `fetch('/v1/events', { method: 'POST', headers: { authorization: 'Bearer ${credentials.writeKey}' }, body: ${JSON.stringify(JSON.stringify(native))} })`
        : `navigator.sendBeacon('/v1/track', ${JSON.stringify(JSON.stringify(segment))})`
    return `<!doctype html><title>A page that sends</title><link rel="icon" href="data:,"><script>${script}</script>`
  }
}

/** Counted on the clock's day, week and month: events, and devices. */
export async function counted(world: WholeInstallation, grain: 'day' | 'week' | 'month'): Promise<[number, number]> {
  await world.settle()
  const { reportingUrl, credentials } = world.headcount
  const from = { day: new Date(world.clock.now()).toISOString().slice(0, 10), week: '2026-11-16', month: '2026-11-01' }
  const response = await fetch(
    `${reportingUrl}/api/v1/usage?dataset=feature_usage&metrics=events,devices&grain=${grain}&from=${from[grain]}&where=feature:dashboard`,
    { headers: { authorization: `Bearer ${credentials.analystToken}` } },
  )
  const { rows } = (await response.json()) as { rows: (string | number)[][] }
  assert.ok(rows.length <= 1)
  const [, events = 0, devices = 0] = rows[0] ?? []
  return [Number(events), Number(devices)]
}
