/** `npm run build`: what others take from us without running us, written to `dist/`: the API's description, the public
 * catalogue, the dashboard's page, the script for pages, our sender for Node. The servers themselves run from their sources. */
import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { trackerBytesMax, trackerFile } from '../services/collector/tracker/tracker-file.ts'
import { ReleaseReader } from '../services/release/release-store.ts'
import { pageBytesMax, pageFiles } from '../services/reporting/dashboard/page-files.ts'
import { createReporting } from '../services/reporting/server.ts'
import { publicCatalogue } from '../shared/catalogue.ts'
import { readCatalogue } from '../shared/catalogue-file.ts'
import { systemClock } from '../shared/clock.ts'
import { readConfig } from '../shared/config.ts'
import type { KeyValue } from '../shared/keyvalue/port.ts'
import { createLogger } from '../shared/logger.ts'
import { createMetrics } from '../shared/metrics.ts'
import type { WarehouseReader } from '../shared/warehouse/port.ts'
import { buildSender } from './build-sender.ts'

const dist = new URL('../dist/', import.meta.url).pathname
const unused = 'a build has no engines'

/** The document depends on the catalogue alone: engines that refuse to be asked show it. */
async function describeApi(): Promise<unknown> {
  const refuse = () => Promise.reject(new Error(unused))
  const reader: WarehouseReader = { select: refuse, close: async () => undefined }
  const keyValue = new Proxy({} as KeyValue, { get: () => refuse })
  const ledger = { state: refuse, append: refuse, entries: () => assert.fail(unused) }
  const reporting = await createReporting({
    config: readConfig({}),
    catalogue: readCatalogue(''),
    reader,
    keyValue,
    ledger,
    releases: new ReleaseReader(reader),
    credentials: { adminToken: unused, analystToken: unused },
    clock: systemClock,
    logger: createLogger({ logLevel: 'silent' }),
    metrics: createMetrics(false),
    readiness: () => ({ ready: false, checks: {} }),
  })
  const answer = await reporting.app.inject('/openapi.json')
  await reporting.drain()
  return answer.json()
}

await mkdir(dist, { recursive: true })
await writeFile(path.join(dist, 'openapi.json'), `${JSON.stringify(await describeApi(), undefined, 2)}\n`)
await writeFile(
  path.join(dist, 'catalogue.json'),
  `${JSON.stringify(publicCatalogue(readCatalogue('')), undefined, 2)}\n`,
)
process.stdout.write('dist/openapi.json and dist/catalogue.json written\n')

const { html, assets } = await pageFiles()
const dashboard = path.join(dist, 'dashboard')
await rm(dashboard, { recursive: true, force: true })
await mkdir(dashboard, { recursive: true })
let total = 0
for (const { name, plain, gzip } of [html, ...assets.values()]) {
  await writeFile(path.join(dashboard, name), plain)
  process.stdout.write(`dist/dashboard/${name}: ${gzip.length} bytes gzipped\n`)
  total += gzip.length
}
process.stdout.write(
  `dist/dashboard in all: ${(total / 1024).toFixed(1)} of at most ${pageBytesMax / 1024} KB gzipped\n`,
)
if (total > pageBytesMax) process.exitCode = 1

await buildSender(path.join(dist, 'sender'))
process.stdout.write('dist/sender: a package for npm\n')

const tracker = await trackerFile()
await writeFile(path.join(dist, 'tracker.js'), tracker.plain)
process.stdout.write(`dist/tracker.js: ${tracker.gzip.length} of at most ${trackerBytesMax} bytes gzipped\n`)
if (tracker.gzip.length > trackerBytesMax) process.exitCode = 1
