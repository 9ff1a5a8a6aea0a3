/** The stores of processes on servers, asked by the audit itself, with the settings' own addresses. */
import { type Config, withoutCredentials } from '../../../shared/config.ts'
import { type EngineOptions, openEventLog, openKeyValue, openWarehouse } from '../../engines.ts'
import { requireServers } from '../../role.ts'
import type { Stores } from './stores.ts'

/** @throws ConfigError when only some of the engines are servers; the engines' own errors when one is away */
export async function openServerStores(options: EngineOptions): Promise<Stores> {
  const { config } = options
  requireServers('audit beside collectors and workers', config, 'eventLogUrl', 'keyValueUrl', 'warehouseUrl')
  const log = await openEventLog(options)
  const keyValue = await openKeyValue(options)
  const warehouse = await openWarehouse(options)
  return {
    engines: 'servers',
    where: addressesOf(config),
    log,
    keyValue,
    dataDir: undefined,
    tables: async () => warehouse,
    choices: async () => undefined,
    async close() {
      for (const one of [log, keyValue, warehouse]) await one.close()
    },
  }
}

function addressesOf({ eventLogUrl, keyValueUrl, warehouseUrl }: Config): string {
  return [eventLogUrl, keyValueUrl, warehouseUrl].map(withoutCredentials).join(', ')
}
