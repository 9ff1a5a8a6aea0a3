/** A day that was counted, closed, sealed and published by itself, as `npm start` does it, and partners who may read it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { addPartner } from '../../services/partners/partner-registry.ts'
import { encodeRecord } from '../../shared/event.ts'
import { until } from '../fixtures/until.ts'
import { WholeInstallation } from './whole-installation.ts'

export const releasedDay = '2026-11-20'
export const releasedDataset = 'sections'
/** Devices of each feature on that day; the last are too few to be shown. */
export const devicesOnDay: Readonly<Record<string, number>> = { docs: 400, blog: 300, files: 200, misc: 3 }

const catalogueText = `
version: "1"
title: a web site
k: 10
features: [${Object.keys(devicesOnDay).map((id) => `{ id: ${id}, title: ${id} }`)}]
dimensions: [{ id: feature, title: Section, from: feature }]
releases: { rho: 3/200, deltaThreshold: 1e-9, k: 20, publishAfterHours: 30 }
datasets:
  - id: ${releasedDataset}
    title: Sections
    dimensions: [feature]
    audience: partners
    release: [{ level: leaf, by: [feature], cells: 1, events: 8, share: 1 }]
  - { id: inside, title: For analysts, dimensions: [feature] }
`

export class ReleasedDay {
  readonly world: WholeInstallation
  readonly #dir: string

  private constructor(world: WholeInstallation, dir: string) {
    this.world = world
    this.#dir = dir
  }

  static async start(): Promise<ReleasedDay> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-released-'))
    const catalogue = path.join(dir, 'catalogue.yaml')
    await writeFile(catalogue, catalogueText)
    const world = await WholeInstallation.start(undefined, { HEADCOUNT_CATALOGUE: catalogue, HEADCOUNT_K: '' })
    await appendDay(world)
    await world.settle()
    // Closed 24 hours after its end, published 30 hours after it.
    await world.passTo('2026-11-22T00:05:00Z')
    await world.passTo('2026-11-22T06:05:00Z')
    await until(async () => {
      const state = await world.headcount.ledger.state()
      if (state.release(releasedDay, releasedDataset)?.state === 'PUBLISHED') return true
      await world.headcount.worker.maintain()
      return false
    })
    return new ReleasedDay(world, dir)
  }

  /** A new key that may read these datasets. */
  async partner(datasets: readonly string[] = [releasedDataset], until = '2027-01-01'): Promise<string> {
    const { ledger } = this.world.headcount
    const wish = { name: 'Example', datasets, purpose: 'test', until }
    return (await addPartner(ledger, this.world.clock, wish, new Set([releasedDataset]))).key
  }

  ask(where: string, token: string): Promise<Response> {
    const url = `${this.world.headcount.reportingUrl}${where}`
    return fetch(url, { headers: { authorization: `Bearer ${token}` } })
  }

  /** Of the published day, below the partner's path. */
  pull(key: string, query = '?format=csv'): Promise<Response> {
    return this.ask(`/partner/v1/datasets/${releasedDataset}/releases/${releasedDay}${query}`, key)
  }

  async remove(): Promise<void> {
    await this.world.remove()
    await rm(this.#dir, { recursive: true, force: true })
  }
}

async function appendDay({ headcount, clock }: WholeInstallation): Promise<void> {
  const at = clock.now()
  const senders = Object.entries(devicesOnDay).flatMap(([feature, count]) =>
    Array.from({ length: count }, (_, index) => ({ feature, id: `${feature}-${index}` })),
  )
  await headcount.engines.log.append(
    senders.map(({ feature, id }, index) => ({
      partition: index % headcount.engines.log.partitions,
      value: encodeRecord({
        ...{ receivedAt: at, route: 'node', ip: '192.0.2.1', userAgent: 'agent/1' },
        unit: { kind: 'device', id },
        events: [{ id, time: at, feature, fields: {} }],
      }),
    })),
  )
}
