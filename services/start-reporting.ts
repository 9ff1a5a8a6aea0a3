/** `npm run reporting`: answers analysts from the aggregate tables on a ClickHouse server. */
import { readCatalogue } from '../shared/catalogue-file.ts'
import { systemClock } from '../shared/clock.ts'
import { createMetrics } from '../shared/metrics.ts'
import { openKeyValue, openWarehouse, whenReachable } from './engines.ts'
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
  const reporting = await createReporting({
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
