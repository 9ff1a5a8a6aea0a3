/** The stores of processes on servers, asked by the audit itself, with the settings' own addresses. */

import { eventsTopic, replicationOf } from '../../../infra/topics.ts'
import type { Choice } from '../../../shared/choices/port.ts'
import { type Config, withoutCredentials } from '../../../shared/config.ts'
import { prepareTopic } from '../../../shared/eventlog/kafka-topic.ts'
import { parseKafkaUrl } from '../../../shared/eventlog/kafka-url.ts'
import { type EngineOptions, openChoiceBook, openEventLog, openKeyValue, openWarehouse } from '../../engines.ts'
import { requireServers } from '../../role.ts'
import type { Stores } from './stores.ts'

/**
 * @param adminToken '' where it is not known: then it is not known either who has chosen what
 * @throws ConfigError when only some of the engines are servers; the engines' own errors when one is away */
export async function openServerStores(options: EngineOptions, adminToken: string): Promise<Stores> {
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
    choices: async () => (adminToken === '' && config.choiceKey === '' ? undefined : readChoices(options, adminToken)),
    unknownTopics: () => unknownTopics(config),
    async close() {
      for (const one of [log, keyValue, warehouse]) await one.close()
    },
  }
}

async function readChoices(options: EngineOptions, adminToken: string): Promise<readonly Choice[]> {
  const { log } = await openChoiceBook(options, adminToken)
  try {
    await log.catchUp()
    return [...log.choices.all()]
  } finally {
    await log.close()
  }
}

/** Another installation on the same Kafka has two topics under a prefix of its own, which may begin with ours. */
async function unknownTopics({ eventLogUrl, partitions, replication }: Config): Promise<readonly string[]> {
  const address = parseKafkaUrl(eventLogUrl)
  const { topicPrefix: prefix } = address
  let all: readonly string[] = []
  await prepareTopic(address, async (admin) => {
    all = await admin.listTopics()
    return eventsTopic(prefix, partitions, await replicationOf(admin, replication))
  })
  const isOfInstallation = (name: string) => {
    const [, of] = /^(.*)-(?:events|choices)$/.exec(name) ?? []
    return of !== undefined && all.includes(`${of}-events`) && (of === prefix || all.includes(`${of}-choices`))
  }
  return all.filter((name) => name.startsWith(`${prefix}-`) && !isOfInstallation(name))
}

function addressesOf({ eventLogUrl, keyValueUrl, warehouseUrl }: Config): string {
  return [eventLogUrl, keyValueUrl, warehouseUrl].map(withoutCredentials).join(', ')
}
