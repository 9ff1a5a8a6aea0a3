/** What the list of everything that is kept says of each kind. */
import type { Config } from '../config.ts'
import { dayMs, hourMs } from '../window.ts'

/** Whom an item is about: somebody by name or address, somebody by a keyed hash, or nobody. */
export type About = 'identified' | 'pseudonymous' | 'nobody'

/** What a hold of aggregates, of the ledger, or, by an order with an end, of raw records keeps. */
export const coverables = ['aggregates', 'ledger', 'raw'] as const
export type Coverable = (typeof coverables)[number]

/** `embedded`: one process with its own engines. `servers`: Kafka, Redis and ClickHouse. */
export interface OnEngines {
  readonly embedded: string
  readonly servers: string
}

/** How names begin: entries and secrets of the key-value store, paths in the data folder, tables of the warehouse. */
export interface Places {
  readonly entries?: readonly string[]
  readonly secrets?: readonly string[]
  readonly files?: readonly string[]
  readonly tables?: readonly string[]
}

export interface KindOfData {
  /** Kebab-case; the label of its metrics. */
  readonly id: string
  readonly title: string
  readonly contains: string
  readonly about: About
  readonly where: OnEngines
  readonly places: Places
  /** Milliseconds from `since`; undefined: no time ends it. */
  readonly keptMs?: number
  /** What `keptMs` counts from. */
  readonly since?: 'made' | 'end of its window' | 'end of its epoch'
  /** In words, limit included. */
  readonly howLong: string
  readonly removedBy: OnEngines
  /** By which hold it is kept; undefined: by none. */
  readonly heldAs?: Coverable
}

export type KeptSettings = Pick<Config, 'cookie' | 'cookieDays'>

/** `72 hours`, `90 days`. */
export function inWords(ms: number): string {
  const [count, unit] = ms % dayMs === 0 && ms > 4 * dayMs ? [ms / dayMs, 'day'] : [ms / hourMs, 'hour']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** The same on both engine sets. */
export function everywhere(text: string): OnEngines {
  return { embedded: text, servers: text }
}
