-- The two users of Headcount on a ClickHouse server, each with what it needs and no more. Run once as an administrator,
-- with passwords of your own in place of the two CHANGE-ME (`openssl rand -hex 16` makes one):
--   clickhouse-client --multiquery < infra/clickhouse/users.sql
-- then HEADCOUNT_WAREHOUSE_URL=https://headcount:…@host:8443/headcount
-- and  HEADCOUNT_WAREHOUSE_READER_URL=https://headcount_reader:…@host:8443/headcount
-- On a cluster add ON CLUSTER to each statement, and see cluster.md for the reader's database.

CREATE DATABASE IF NOT EXISTS headcount;

-- The writer makes the table and its views, adds columns when the catalogue grows, inserts cells, and removes open ones.
CREATE USER IF NOT EXISTS headcount IDENTIFIED WITH sha256_password BY 'CHANGE-ME';
GRANT SELECT, INSERT, CREATE TABLE, CREATE VIEW, DROP VIEW, ALTER ADD COLUMN, ALTER ORDER BY, ALTER DELETE, ALTER SETTINGS
  ON headcount.* TO headcount;
-- Once a worker has been ready, its tables are there, and no process needs to make any until an update brings one:
--   REVOKE CREATE TABLE ON headcount.* FROM headcount;

-- The reader is reporting. The settings are those that it would ask for (shared/warehouse/server-settings.ts); with
-- readonly = 1 it can change none of them.
CREATE SETTINGS PROFILE IF NOT EXISTS headcount_reader SETTINGS
  output_format_json_quote_64bit_integers = 1,
  max_threads = 2,
  max_execution_time = 54,
  max_memory_usage = 1073741824,
  readonly = 1;
CREATE USER IF NOT EXISTS headcount_reader IDENTIFIED WITH sha256_password BY 'CHANGE-ME'
  SETTINGS PROFILE 'headcount_reader';
GRANT SELECT ON headcount.cells TO headcount_reader;
-- Frozen releases, as partners get them. Every access is written into the ledger, by the writer.
GRANT SELECT ON headcount.releases TO headcount_reader;

-- People and Grafana: final cells by their declared names. A user of their own, with each view that they may see and the
-- columns under it, but not `state`, in which an open cell of one device is that device's pseudonym:
--   GRANT SELECT ON headcount.feature_usage_cells TO grafana;
--   GRANT SELECT(dataset, grain, stage, by, window, d_feature, d_version, events, devices) ON headcount.cells TO grafana;
