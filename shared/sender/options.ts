/** What a host says of its sender, and what holds where it says nothing. */

/** An event as the host knows it. `feature` is what was used; the rest are fields that the catalogue declares. */
export interface TrackedEvent {
  readonly feature: string
  /** Who is counted once. */
  readonly device?: string | undefined
  readonly cookie?: string | undefined
  readonly cluster?: string | undefined
  /** Made when it is tracked, unless given: the same id is counted once. */
  readonly id?: string | undefined
  /** When it happened; when it was tracked, unless given. */
  readonly time?: string | Date | undefined
  readonly [field: string]: string | number | boolean | Date | null | undefined
}

/** Why events were given up; each is counted in `stats.dropped`. */
export const dropReasons = [
  /** It is no object, or cannot be written as JSON. */
  'not-json',
  /** Longer than the collector takes. */
  'too-large',
  /** More was waiting in memory than `memoryBytesMax`: the oldest went. */
  'memory-full',
  /** More was waiting on disk than `spoolBytesMax`: the oldest went. */
  'spool-full',
  /** Has waited so long that the collector would drop it as late. */
  'too-old',
  /** Could not be read back from the spool: the end of a file that was being written when the machine went down. */
  'damaged',
  /** The collector answered that it will never take the request. */
  'refused',
  /** Tracked after `close`. */
  'closed',
] as const
export type DropReason = (typeof dropReasons)[number]

/** What the collector said to one request that it took. */
export interface Answered {
  /** The events of the request, each as it was sent: JSON without the line's end. */
  readonly lines: readonly string[]
  readonly accepted: number
  readonly rejected: readonly { readonly index: number; readonly reason: string }[]
}

export interface SenderOptions {
  /** Where the collector is: `http://collector.example:8080`. */
  readonly url: string
  readonly writeKey: string
  /** Fields of every event that does not have them itself: `{ device, version, source }`. */
  readonly defaults?: Readonly<Record<string, string | number | boolean | undefined>>
  /** A folder of this process alone. Without: what waits is in memory, and lost with the process. */
  readonly spoolDir?: string | undefined
  /** False: nothing is kept and nothing sent. The environment can say so too, and wins. */
  readonly telemetryEnabled?: boolean
  /** Prints what would be sent instead of sending it: to standard error, or to the function. */
  readonly show?: boolean | ((text: string) => void)
  /** `HEADCOUNT_TELEMETRY` and `DO_NOT_TRACK` are read from it; `process.env` unless given. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly userAgent?: string
  /** How long an event may be in memory alone, ms. */
  readonly syncMs?: number
  /** How long an event waits for others, ms. */
  readonly batchMs?: number
  readonly batchEventsMax?: number
  readonly memoryBytesMax?: number
  readonly spoolBytesMax?: number
  /** How long the collector may take to answer, ms. */
  readonly answerMsMax?: number
  /** Says once what is wrong; to `console.warn` unless given. */
  readonly onWarning?: (message: string) => void
  readonly onAnswered?: (answered: Answered) => void
  readonly onDropped?: (reason: DropReason, events: number) => void
}

export interface Limits {
  readonly syncMs: number
  readonly batchMs: number
  readonly batchEventsMax: number
  readonly batchBytesMax: number
  readonly eventBytesMax: number
  readonly memoryBytesMax: number
  readonly spoolBytesMax: number
  readonly answerMsMax: number
}

const mebibyte = 1024 * 1024
/** Far below the collector's 1 MiB as sent and 8 MiB decompressed. */
const batchBytesMax = 256 * 1024
/** As the collector's. */
const eventBytesMax = 32 * 1024
/** The collector takes 2,500 unless it is set to less; then it says so, and batches are split. */
const eventsMax = 2_500

/** Bounds that hold together: what is out of range is brought into it, so that no slip of a host can break it. */
export function limitsOf(options: SenderOptions): Limits {
  const memoryBytesMax = within(options.memoryBytesMax, 4 * mebibyte, mebibyte / 4, 1024 * mebibyte)
  const spoolBytesMax = within(options.spoolBytesMax, 64 * mebibyte, mebibyte / 4, 65_536 * mebibyte)
  return {
    syncMs: within(options.syncMs, 250, 1, 60_000),
    batchMs: within(options.batchMs, 5_000, 1, 3_600_000),
    batchEventsMax: within(options.batchEventsMax, 500, 1, eventsMax),
    batchBytesMax: Math.min(batchBytesMax, memoryBytesMax / 4, spoolBytesMax / 4),
    eventBytesMax,
    memoryBytesMax,
    spoolBytesMax,
    answerMsMax: within(options.answerMsMax, 20_000, 100, 600_000),
  }
}

function within(given: number | undefined, fallback: number, min: number, max: number): number {
  if (typeof given !== 'number' || Number.isNaN(given)) return fallback
  return Math.min(max, Math.max(min, Math.round(given)))
}

/** What the people of this machine want: not the program's business to overrule. */
export type Wish = 'send' | 'show' | 'nothing'

export function wishOf({ telemetryEnabled = true, show, environment = process.env }: SenderOptions): Wish {
  const said = environment.HEADCOUNT_TELEMETRY?.trim().toLowerCase() ?? ''
  if (['off', '0', 'false', 'no', 'disabled'].includes(said)) return 'nothing'
  const doNotTrack = environment.DO_NOT_TRACK?.trim().toLowerCase() ?? ''
  if (!['', '0', 'false'].includes(doNotTrack)) return 'nothing'
  if (telemetryEnabled !== true) return 'nothing'
  return show || said === 'show' ? 'show' : 'send'
}
