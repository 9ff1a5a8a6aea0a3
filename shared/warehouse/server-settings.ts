/** The settings that go with every statement: over HTTP nothing stays on a connection. */
import { ConfigError } from '../config.ts'

export type StatementSettings = Readonly<Record<string, string | number>>

/** Longest times to wait for an answer. The server is told to give up a little earlier. */
export interface ServerWaits {
  selectMs: number
  insertMs: number
  /** DDL and mutations, which rewrite whole parts. */
  commandMs: number
}

export const defaultWaits: ServerWaits = { selectMs: 60_000, insertMs: 60_000, commandMs: 600_000 }

/** The server gives up before we do, so that what timed out here does not go on there. */
export function executionSeconds(waitMs: number): number {
  return Math.max(1, Math.floor((waitMs * 0.9) / 1000))
}

export function selectSettings({ selectMs }: ServerWaits): StatementSettings {
  return {
    // Needed, not only a bound: the port promises 64-bit integers as strings.
    output_format_json_quote_64bit_integers: 1,
    max_threads: 2,
    max_execution_time: executionSeconds(selectMs),
    max_memory_usage: 1024 ** 3,
  }
}

/** A command resolves when it has been carried out whole. */
export const commandSettings: StatementSettings = { mutations_sync: 2, alter_sync: 2, lightweight_deletes_sync: 2 }

/**
 * One insert, one part, at once. Each threshold at which the server cuts the rows of a body into blocks, or collects
 * those of several inserts, is beyond the largest block or off; servers of several years have them on by default.
 */
export function insertSettings({ insertMs }: ServerWaits): StatementSettings {
  return {
    async_insert: 0,
    deduplicate_insert: 'enable',
    insert_deduplicate: 1,
    max_insert_threads: 1,
    // The rows of a block are cells already, each key once: merging them on the way in would copy every state.
    optimize_on_insert: 0,
    input_format_parallel_parsing: 0,
    input_format_max_block_size_bytes: 0,
    input_format_max_block_wait_ms: 0,
    max_insert_block_size: 1024 ** 2,
    max_insert_block_size_bytes: 0,
    min_insert_block_size_rows: 1024 ** 2,
    min_insert_block_size_bytes: 1024 ** 3,
    use_strict_insert_block_limits: 0,
    max_execution_time: executionSeconds(insertMs),
    max_memory_usage: 2 * 1024 ** 3,
    // The text of a refused insert's error quotes the row, and query_log would keep it.
    log_queries: 0,
  }
}

/**
 * For a replicated table. A mark must be seen by whoever takes the partition over, on whichever replica: acknowledged is
 * what most replicas have, and a SELECT waits for it. Quorum inserts go one after the other then, and one that comes
 * between is told to come again (UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE).
 */
export const replicatedInsertSettings: StatementSettings = {
  insert_quorum: 'auto',
  insert_quorum_parallel: 0,
  insert_quorum_timeout: 30_000,
}
export const replicatedSelectSettings: StatementSettings = { select_sequential_consistency: 1 }

/** Older servers lack these and are as good without: what they turn off was not there. */
const maybeUnknown = new Set([
  'deduplicate_insert',
  'input_format_max_block_size_bytes',
  'input_format_max_block_wait_ms',
  'max_insert_block_size_bytes',
  'use_strict_insert_block_limits',
])

/**
 * The settings of `wanted` that the server knows.
 * @throws ConfigError when it lacks one that a guarantee rests on
 */
export function knownSettings(wanted: StatementSettings, known: ReadonlySet<string>): StatementSettings {
  const lacking = Object.keys(wanted).filter((name) => !known.has(name) && !maybeUnknown.has(name))
  if (lacking.length > 0)
    throw new ConfigError(`the ClickHouse server is too old: it has no ${lacking.join(', ')}; 24.8 or later is needed`)
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => known.has(name)))
}

/**
 * What a reader sends with each SELECT, given what its user has already (`system.settings`). A user with `readonly = 1`
 * may change nothing, with 2 everything but that; then the user's profile has to have it.
 * @throws ConfigError
 */
export function readerSettings(
  wanted: StatementSettings,
  has: ReadonlyMap<string, string>,
  user: string,
): StatementSettings {
  const readOnly = has.get('readonly')
  if (readOnly === '0') return { ...wanted, readonly: 1 }
  if (readOnly === '2') return wanted
  const needed = 'output_format_json_quote_64bit_integers'
  if (has.get(needed) !== '1')
    throw new ConfigError(
      `the ClickHouse user "${user}" is read-only without ${needed} = 1 in its settings profile; infra/clickhouse/users.sql makes it right`,
    )
  return {}
}
