/** What is asked of a ClickHouse server before the first statement of ours: is our database there, and what it knows. */
import { ConfigError } from '../config.ts'
import { WarehouseError } from './port.ts'
import type { ServerAddress } from './server-address.ts'
import { ServerConnection } from './server-connection.ts'
import type { ServerWaits } from './server-settings.ts'

/**
 * Makes the database if it is missing.
 * @throws ConfigError when the user may not
 */
export async function prepareDatabase(address: ServerAddress, waits: ServerWaits): Promise<void> {
  const { database, user, variable } = address
  const connection = new ServerConnection(address, '')
  try {
    const what = 'the first request'
    const found = await connection.select(
      'SELECT name FROM system.databases WHERE name = {database:String}',
      { database },
      { waitMs: waits.selectMs, settings: {}, what },
    )
    // Not always asked: IF NOT EXISTS needs the right to create also when the database is there.
    if (found.length > 0) return
    const making = { waitMs: waits.commandMs, settings: {}, what: 'CREATE DATABASE' }
    await connection.command(`CREATE DATABASE IF NOT EXISTS ${database}`, undefined, making)
  } catch (error) {
    if (!(error instanceof WarehouseError)) throw error
    throw new ConfigError(
      `${variable}: there is no database "${database}" that the user "${user}" sees, and making it failed: ${error.message}. Have an administrator run infra/clickhouse/users.sql, or name another database`,
    )
  } finally {
    await connection.close()
  }
}

/** Every setting that the server knows, with its value for this user. */
export async function serverSettings(
  connection: ServerConnection,
  { selectMs }: ServerWaits,
): Promise<ReadonlyMap<string, string>> {
  const rows = await connection.select<{ name: string; value: string }>(
    'SELECT name, value FROM system.settings',
    undefined,
    { waitMs: selectMs, settings: {}, what: 'the list of its settings' },
  )
  return new Map(rows.map(({ name, value }) => [name, value]))
}
