/** A whole installation on servers whose senders choose: what is asked of its collectors, and what it has counted. */
import assert from 'node:assert/strict'
import { dayMs } from '../../shared/window.ts'
import { type Fleet, fleetSecrets } from '../campaign/fleet.ts'
import { until } from '../fixtures/until.ts'

/** A feature that nothing else is sent of. */
const marker = 'jobs'

export class ChoosingFleet {
  readonly fleet: Fleet
  #sent = 0

  constructor(fleet: Fleet) {
    this.fleet = fleet
  }

  /** How many of the events were accepted. */
  async send(collector: string, feature: string, ...devices: string[]): Promise<number> {
    return await this.sendAll(
      collector,
      devices.map((device) => ({ feature, device })),
    )
  }

  async sendAll(collector: string, sent: readonly { feature: string; device: string }[]): Promise<number> {
    const time = new Date().toISOString()
    const events = sent.map((one) => ({ id: `event-${this.#sent++}`, time, ...one }))
    const answer = await post(`${collector}/v1/events`, fleetSecrets.writeKey, { events })
    assert.equal(answer.status, 200, await answer.clone().text())
    return ((await answer.json()) as { accepted: number }).accepted
  }

  async choose(collector: string, choice: 'opt-out' | 'opt-in', device: string): Promise<void> {
    const answer = await post(`${collector}/v1/privacy/choice`, fleetSecrets.writeKey, { choice, device })
    assert.equal(answer.status, 200, await answer.text())
  }

  async deleteAll(collector: string, device: string): Promise<void> {
    const answer = await post(`${collector}/v1/privacy/deletion`, fleetSecrets.adminToken, { device, case: 'C-1' })
    assert.equal(answer.status, 202, await answer.text())
  }

  /** Events and devices that are counted of a feature. */
  async counted(feature: string): Promise<[events: number, devices: number]> {
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
    const query = new URLSearchParams({
      ...{ dataset: 'feature_usage', metrics: 'events,devices', grain: 'day', where: `feature:${feature}` },
      ...{ from: day(Date.now() - dayMs), to: day(Date.now() + dayMs) },
    })
    const [reporting] = this.fleet.of('reporting')
    const answer = await fetch(`${reporting?.url}/api/v1/usage?${query}`, {
      headers: { authorization: `Bearer ${fleetSecrets.analystToken}` },
    })
    assert.equal(answer.status, 200, await answer.clone().text())
    const { rows } = (await answer.json()) as { rows: [window: string, events: number, devices: number][] }
    const sum = (of: 1 | 2) => rows.reduce((total, row) => total + row[of], 0)
    return [sum(1), sum(2)]
  }

  /** Resolves when everything that was appended before has been counted. @param marks enough that each partition has one */
  async everythingIsCounted(collector: string, marks = 1): Promise<void> {
    const [before] = await this.counted(marker)
    const devices = Array.from({ length: marks }, (_, at) => `mark-${at}`)
    await this.send(collector, marker, ...devices)
    await until(async () => (await this.counted(marker))[0] === before + marks, 90_000)
  }
}

async function post(url: string, token: string, body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
}
