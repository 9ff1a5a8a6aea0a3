/** How long what is kept, in words for everybody. */
import type { Config } from '../../shared/config.ts'
import {
  deletionMs,
  epochKeyMs,
  hourCellsMs,
  minuteCellsMs,
  rawGoneMs,
  rawRetentionMs,
} from '../../shared/retention/limits.ts'
import { dayMs, hourMs } from '../../shared/window.ts'

export interface Kept {
  readonly what: string
  readonly howLong: string
  readonly afterwards: string
}

export function keptTable(config: Config): readonly Kept[] {
  return [
    {
      what: 'Events as they were received, with address and identifier',
      howLong: duration(rawRetentionMs),
      afterwards: `whole files are deleted; the last byte is gone after ${duration(rawGoneMs)}`,
    },
    {
      what: 'Keys of the pseudonyms of a day, a week, a month',
      howLong: `until the time is over and counted, at most ${duration(epochKeyMs)} after its end`,
      afterwards: 'overwritten and deleted; nobody can tell any more which pseudonym was whose',
    },
    {
      what: 'Counts by minute and by hour',
      howLong: `${duration(minuteCellsMs)} and ${duration(hourCellsMs)}`,
      afterwards: 'deleted',
    },
    {
      what: 'Counts by day, week and month; releases for partners; the ledger of what was handed out',
      howLong: 'kept',
      afterwards: 'they are about nobody: numbers of many together',
    },
    {
      what: 'That somebody has opted out',
      howLong: 'until they opt in again',
      afterwards: 'kept as a keyed hash, from which the identifier cannot be read',
    },
    {
      what: 'That somebody asked for deletion',
      howLong: `${duration(deletionMs)}, when nothing is left to delete`,
      afterwards: 'removed; the ledger keeps that there was one, not whose',
    },
    config.cookie
      ? {
          what: 'The cookie in your browser',
          howLong: duration(config.cookieDays * dayMs),
          afterwards: 'the browser deletes it; you can do so at any time',
        }
      : { what: 'Cookies', howLong: 'none', afterwards: 'only one that says that you have opted out, if you do' },
  ]
}

/** `72 hours`, `90 days`. */
export function duration(ms: number): string {
  return ms % dayMs === 0 && ms > 3 * dayMs ? plural(ms / dayMs, 'day') : plural(ms / hourMs, 'hour')
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
