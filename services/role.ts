/** What a process that is only collector, worker or reporting needs of the settings: servers, and secrets given to it. */
import { type Config, ConfigError, variableName } from '../shared/config.ts'
import type { Credentials } from '../shared/credentials.ts'
import { isEmbedded } from './engines.ts'

/** Embedded engines are one process's own. @throws ConfigError naming what to set */
export function requireServers(
  role: string,
  config: Config,
  ...engines: ('eventLogUrl' | 'keyValueUrl' | 'warehouseUrl')[]
): void {
  const embedded = engines.filter((engine) => isEmbedded(config[engine])).map(variableName)
  if (embedded.length === 0) return
  throw new ConfigError(
    `a ${role} of its own needs servers that it shares with the other processes: set ${embedded.join(', ')} (npm start runs everything in one process without any)`,
  )
}

/** Each process would make its own, so none is made. @throws ConfigError naming what to set */
export function givenSecrets<Name extends keyof Credentials>(
  role: string,
  config: Config,
  ...names: Name[]
): Pick<Credentials, Name> {
  const missing = names.filter((name) => config[name] === '').map(variableName)
  if (missing.length > 0)
    throw new ConfigError(
      `a ${role} of its own makes no secrets, since every process must have the same: set ${missing.join(', ')} (openssl rand -hex 16 makes one)`,
    )
  return Object.fromEntries(names.map((name) => [name, config[name]])) as Pick<Credentials, Name>
}
