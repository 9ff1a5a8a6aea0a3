/**
 * The tables on a ClickHouse cluster, from the same columns as the single server's (schema.ts). Experimental: what was
 * run of it and what was not is in infra/clickhouse/cluster.md.
 *
 * A log partition belongs to one shard, and its worker writes straight to a replica of that shard: a batch and its mark
 * are one part there, as on a single server. Reading goes over a Distributed table of the same name in a database of its
 * own, so that the SQL of readers is the same. Nothing is written through it: it would spread one batch over shards.
 */
import type { Catalogue } from '../catalogue.ts'
import { cellsTable, createView, durabilitySettings, sortingKey, tableColumns } from './schema.ts'

export interface ClusterNames {
  /** As in the servers' `remote_servers`. */
  cluster: string
  /** Of the tables that are written, a part of the cells on each shard. */
  database: string
  /** Of the Distributed table and the views, for readers. */
  readDatabase: string
}

/** Index of the shard that holds a log partition's cells; the number of shards may not change while windows are open. */
export function shardOf(partition: number, shards: number): number {
  return partition % shards
}

/** Statements in the order in which they are run once, on any one server; `ON CLUSTER` takes them to all. */
export function createClusterTables(catalogue: Catalogue, { cluster, database, readDatabase }: ClusterNames): string[] {
  for (const name of [cluster, database, readDatabase])
    if (!/^[A-Za-z_]\w{0,63}$/.test(name)) throw new RangeError(`"${name}" cannot be the name of a cluster or database`)
  const onCluster = `ON CLUSTER ${cluster}`
  const columns = tableColumns(catalogue).join(',\n  ')
  return [
    ...[database, readDatabase].map((name) => `CREATE DATABASE IF NOT EXISTS ${name} ${onCluster}`),
    `CREATE TABLE IF NOT EXISTS ${database}.${cellsTable} ${onCluster} (\n  ${columns}\n)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/${database}/${cellsTable}', '{replica}')
ORDER BY (${sortingKey(catalogue).join(', ')})
SETTINGS ${durabilitySettings},
  replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000`,
    // Without a sharding key a Distributed table over several shards refuses every INSERT.
    `CREATE TABLE IF NOT EXISTS ${readDatabase}.${cellsTable} ${onCluster} AS ${database}.${cellsTable}
ENGINE = Distributed(${cluster}, ${database}, ${cellsTable})`,
    ...catalogue.datasets.map((dataset) => createView(dataset, { database: readDatabase, onCluster })),
  ]
}
