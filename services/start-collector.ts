/** `npm run collector`: takes events and puts them into Kafka, or into its spool while Kafka is away. */
import path from 'node:path'
import { readCatalogue } from '../shared/catalogue-file.ts'
import { systemClock } from '../shared/clock.ts'
import { lockDataDirectory } from '../shared/data-directory.ts'
import { createMetrics } from '../shared/metrics.ts'
import { createUnitHash } from './collector/partition.ts'
import { createCollector } from './collector/server.ts'
import { Spool } from './collector/spool.ts'
import { SpoolingSink } from './collector/spooling-sink.ts'
import { openChoiceBook, openEventLog } from './engines.ts'
import { givenSecrets, requireServers } from './role.ts'
import { runProcess } from './run-process.ts'

runProcess(async ({ config, logger, onFatal }) => {
  requireServers('collector', config, 'eventLogUrl')
  const credentials = givenSecrets('collector', config, 'writeKey', 'adminToken')
  const catalogue = readCatalogue(config.catalogue)
  const dir = path.join(config.dataDir, 'collector')
  const lock = await lockDataDirectory(dir, {})
  const spool = await Spool.open({
    dir: path.join(dir, 'spool'),
    bytesMax: config.spoolBytesMax,
    clock: systemClock,
    warn: (message) => logger.warn(message),
  })
  const metrics = createMetrics()
  const engines = { config, clock: systemClock, logger, onFatal }
  const choices = await openChoiceBook(engines, credentials.adminToken)
  const sink = new SpoolingSink({
    openLog: () => openEventLog(engines),
    spool,
    unitHash: createUnitHash(credentials.writeKey),
    logger,
    metrics,
  })
  const readiness = () => {
    const known = choices.log.readiness()
    return { ready: known === 'ok', checks: { choices: known } }
  }
  const collector = await createCollector({
    config,
    catalogue,
    sink,
    choices,
    credentials,
    clock: systemClock,
    logger,
    metrics,
    readiness,
  })
  const url = await collector.listen()
  logger.info({ url, tlsUrl: collector.tlsUrl }, 'the collector takes events')
  return {
    async close() {
      await collector.drain()
      await sink.close()
      await choices.log.close()
      await lock.release()
    },
  }
})
