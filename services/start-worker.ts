/** `npm run worker`: counts what its share of the partitions brings; as many of them as there is work for. */
import path from 'node:path'
import { readCatalogue } from '../shared/catalogue-file.ts'
import { systemClock } from '../shared/clock.ts'
import { lockDataDirectory } from '../shared/data-directory.ts'
import { sharedLease } from '../shared/lease.ts'
import { openLedger } from '../shared/ledger/warehouse-ledger.ts'
import { createMetrics } from '../shared/metrics.ts'
import { readPolicy } from '../shared/policy/policy.ts'
import { openChoiceBook, openEventLog, openKeyValue, openWarehouse, whenReachable } from './engines.ts'
import { lookAtRetention } from './retention/look-at-retention.ts'
import { givenSecrets, requireServers } from './role.ts'
import { runProcess } from './run-process.ts'
import { openLocator } from './worker/locate.ts'
import { Sealer } from './worker/seal/sealer.ts'
import { createWorkerServer } from './worker/server.ts'
import { Worker } from './worker/worker.ts'

/** Renewed every second by its holder. */
const leaseMs = 15_000

runProcess(async ({ config, logger, onFatal, stopping }) => {
  requireServers('worker', config, 'eventLogUrl', 'keyValueUrl', 'warehouseUrl')
  const credentials = givenSecrets('worker', config, 'adminToken')
  const catalogue = readCatalogue(config.catalogue)
  const policy = readPolicy(config)
  const locate = await openLocator(config.geoipMmdb)
  const dir = path.join(config.dataDir, 'worker')
  const lock = await lockDataDirectory(dir, {})
  const metrics = createMetrics()
  let started = false
  const readiness = () => ({
    ready: started,
    checks: { stores: started ? 'ok' : 'event log, key-value store or warehouse cannot be reached yet' },
  })
  const server = await createWorkerServer({ config, credentials, metrics, readiness, logger })
  logger.info({ url: await server.listen() }, 'health and metrics of the worker')
  const options = { config, clock: systemClock, logger, onFatal }
  const log = await whenReachable(logger, stopping, () => openEventLog(options))
  const choices = await openChoiceBook(options, credentials.adminToken)
  await whenReachable(logger, stopping, () => choices.log.catchUp())
  const keyValue = await whenReachable(logger, stopping, () => openKeyValue(options))
  const warehouse = await whenReachable(logger, stopping, () => openWarehouse(options))
  const ledger = await whenReachable(logger, stopping, () => openLedger({ keyValue, warehouse, clock: systemClock }))
  const sealing = { log, keyValue, warehouse, ledger, choices, catalogue, clock: systemClock, locate, logger, metrics }
  const worker = new Worker({
    sealer: new Sealer({ ...sealing, scratchDir: path.join(dir, 'scratch', 'seal') }),
    log,
    keyValue,
    warehouse,
    ledger,
    choices,
    policy,
    lookAtRetention: () => lookAtRetention({ ...sealing, choices: choices.log, dataDir: config.dataDir }),
    catalogue,
    clock: systemClock,
    logger,
    metrics,
    locate,
    lingerMs: config.lingerMs,
    scratchDir: path.join(dir, 'scratch'),
    onFatal,
    upkeepLease: sharedLease(keyValue, 'upkeep', leaseMs, systemClock),
  })
  await whenReachable(logger, stopping, () => worker.start())
  started = true
  logger.info('the worker counts')
  return {
    async close() {
      await worker.drain()
      await server.drain()
      for (const engine of [log, choices.log, keyValue, warehouse]) await engine.close()
      await lock.release()
    },
  }
})
