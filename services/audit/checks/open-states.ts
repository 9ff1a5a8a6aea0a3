/** aggregate-only, retained-aggregates: states of distinct pseudonyms exist only while their window is open. */
import { EpochKeys } from '../../../shared/epoch-keys.ts'
import { probeCellsMs, removalMs } from '../../../shared/retention/limits.ts'
import { cellsTable, finalDataset, probeDataset } from '../../../shared/warehouse/schema.ts'
import { type EpochKind, type EpochName, epochOf, type Grain } from '../../../shared/window.ts'
import { type Check, fail, named, type Outcome, pass } from '../check.ts'
import type { Scene } from '../scene.ts'

interface GrainRow {
  grain: Grain
  /** Start of the window; Unix seconds. */
  start: string
  rows: string
}

export const openStatesCheck: Check<Scene> = {
  id: 'open-states',
  promise: 'states that could tell devices apart exist only in windows that are open; closed ones have whole numbers',
  clauses: ['aggregate-only', 'not-identify', 'retained-aggregates'],
  async look({ tables, stores, now }): Promise<Outcome> {
    const open = await tables.select<GrainRow>(
      `SELECT grain, toUnixTimestamp(window) AS start, count() AS rows FROM ${cellsTable}
WHERE stage = 'open' AND dataset != '${probeDataset}' GROUP BY grain, start ORDER BY start`,
    )
    const epochKeys = new EpochKeys(stores.keyValue.secrets)
    const living = new Set((await epochKeys.living()).map(({ name }) => name))
    const epochs = new Map<EpochName, number>()
    for (const { grain, start, rows } of open) {
      const name = epochOf(kindOf(grain), Number(start) * 1000)
      epochs.set(name, (epochs.get(name) ?? 0) + Number(rows))
    }
    const wrong: string[] = []
    for (const [name, rows] of epochs)
      if (!living.has(name)) wrong.push(`${rows} open rows with states in ${name}, whose key is gone`)
    const [closed] = await tables.select<{ final: string; states: string; probe: string }>(
      `SELECT countIf(stage != 'open') AS final,
  countIf(stage != 'open' AND finalizeAggregation(state) != 0) AS states,
  countIf(dataset = '${probeDataset}' AND window < toDateTime({before:UInt32}, 'UTC')) AS probe FROM ${cellsTable}`,
      { before: Math.floor((now - probeCellsMs - removalMs) / 1000) },
    )
    if (Number(closed?.states) > 0) wrong.push(`${closed?.states} rows of closed windows still have a state`)
    if (Number(closed?.probe) > 0) wrong.push(`${closed?.probe} rows of the start-up probe are past their hour`)
    if (wrong.length > 0) return fail(named(wrong))
    const rows = [...epochs.values()].reduce((sum, count) => sum + count, 0)
    return pass(
      `${rows} open rows in ${[...epochs.keys()].sort().join(', ') || 'no epoch'}; ${closed?.final ?? 0} rows of closed windows have no state`,
    )
  },
}

/** A window that was made final has its epoch's tombstone, and no key. */
export const tombstonesCheck: Check<Scene> = {
  id: 'tombstones',
  promise: 'the key of a closed day, week or month is destroyed, and its tombstone keeps it from being made again',
  clauses: ['collect-device', 'retained-aggregates'],
  async look({ tables, stores }): Promise<Outcome> {
    const rows = await tables.select<GrainRow>(
      `SELECT DISTINCT grain, toUnixTimestamp(window) AS start FROM ${cellsTable}
WHERE dataset = '${finalDataset}' AND stage = 'mark' AND grain IN ('day', 'week', 'month') ORDER BY start`,
    )
    const closing = new Set<string>()
    for await (const [key] of stores.keyValue.scan('closing/')) closing.add(key.slice('closing/'.length))
    const epochKeys = new EpochKeys(stores.keyValue.secrets)
    const living = new Set((await epochKeys.living()).map(({ name }) => name))
    const names = rows.map(({ grain, start }) => epochOf(kindOf(grain), Number(start) * 1000))
    const wrong: string[] = []
    for (const name of names) {
      if (closing.has(name)) continue
      if (living.has(name)) wrong.push(`${name} is closed, and its key lives`)
      else if (!(await epochKeys.isClosed(name))) wrong.push(`${name} is closed and has no tombstone`)
    }
    return wrong.length > 0 ? fail(named(wrong)) : pass(`${names.length} closed epochs, each with its tombstone`)
  },
}

function kindOf(grain: Grain): EpochKind {
  return grain === 'week' || grain === 'month' ? grain : 'day'
}
