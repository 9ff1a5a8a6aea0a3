/** `npm run reporting`: answers analysts from the aggregate tables on a ClickHouse server. */
import { readCatalogue } from '../shared/catalogue-file.ts'
import { systemClock } from '../shared/clock.ts'
import { openLedger } from '../shared/ledger/warehouse-ledger.ts'
import { createMetrics } from '../shared/metrics.ts'
import { openKeyValue, openWarehouse, whenReachable } from './engines.ts'
import { ReleaseRequests, releaseWaitMs } from './operator/release-requests.ts'
import { ReleaseReader } from './release/release-store.ts'
import { createReporting } from './reporting/server.ts'
import { givenSecrets, requireServers } from './role.ts'
import { runProcess } from './run-process.ts'

runProcess(async ({ config, logger, onFatal, stopping }) => {
  requireServers('reporting', config, 'keyValueUrl', 'warehouseUrl')
  const credentials = givenSecrets('reporting', config, 'adminToken', 'analystToken')
  const catalogue = readCatalogue(config.catalogue)
  const options = { config, clock: systemClock, logger, onFatal }
  const keyValue = await whenReachable(logger, stopping, () => openKeyValue(options))
  const warehouse = await whenReachable(logger, stopping, () => openWarehouse(options))
  const reader = await whenReachable(logger, stopping, () => warehouse.reader())
  const ledger = await whenReachable(logger, stopping, () => openLedger({ keyValue, warehouse, clock: systemClock }))
  // Workers look each second.
  const nudge = async () => undefined
  const requests = new ReleaseRequests({ keyValue, ledger, catalogue, clock: systemClock, nudge })
  const reporting = await createReporting({
    ledger,
    releases: new ReleaseReader(reader),
    requestRelease: (day) => requests.askAndWait(day, releaseWaitMs),
    config,
    catalogue,
    reader,
    keyValue,
    credentials,
    clock: systemClock,
    logger,
    metrics: createMetrics(),
    readiness: () => ({ ready: true, checks: {} }),
  })
  logger.info({ url: await reporting.listen() }, 'reporting answers')
  return {
    async close() {
      await reporting.drain()
      for (const one of [reader, warehouse, keyValue]) await one.close()
    },
  }
})
