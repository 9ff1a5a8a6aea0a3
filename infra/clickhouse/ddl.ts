/**
 * Prints the statements that make the tables on a ClickHouse cluster (experimental, see cluster.md):
 * `npx tsx infra/clickhouse/ddl.ts CLUSTER [catalogue file] | clickhouse-client --multiquery`. On a single server the worker makes its table itself.
 */
import { fileURLToPath } from 'node:url'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { createClusterTables } from '../../shared/warehouse/cluster-schema.ts'

const [cluster, file = fileURLToPath(new URL('../../shared/catalogue.yaml', import.meta.url))] = process.argv.slice(2)
if (cluster === undefined) {
  process.stderr.write('Which cluster? Its name stands in remote_servers of the servers’ configuration.\n')
  process.exit(2)
}
const names = { cluster, database: 'headcount', readDatabase: 'headcount_all' }
for (const statement of createClusterTables(readCatalogue(file), names)) process.stdout.write(`${statement};\n\n`)
