/** Making a table that is not there, and asking for no more right than that takes. */
import type { Warehouse } from './port.ts'

/**
 * Does nothing where the table is: IF NOT EXISTS needs the right to create also then, and a worker is to run without it
 * once its tables are made (infra/clickhouse/users.sql).
 * @param statement `CREATE TABLE IF NOT EXISTS`, as another process may make it at the same moment
 */
export async function makeTable(
  warehouse: Pick<Warehouse, 'select' | 'command'>,
  table: string,
  statement: string,
): Promise<void> {
  const found = await warehouse.select(
    'SELECT name FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
    { table },
  )
  if (found.length === 0) await warehouse.command(statement)
}
