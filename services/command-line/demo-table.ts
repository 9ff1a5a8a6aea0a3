/** The demo's live table: what is sent and what arrives. Text from figures; drawing over itself is LiveText. */
import type { SendTally } from './demo-sender.ts'
import type { Usage } from './demo-usage.ts'

export interface CountedRow {
  /** Since the demo began. */
  readonly events: number
  /** Of the day. */
  readonly devices: number
  /** What was there before is hidden, so that `events` are the day's. */
  readonly withEarlier: boolean
}

export interface DemoState {
  readonly title: string
  readonly elapsedMs: number
  readonly totalMs: number
  readonly tally: Readonly<SendTally>
  readonly inFlight: number
  /** Undefined while hidden. */
  readonly counted: CountedRow | undefined
  readonly expected: number
  readonly features: ReadonlyMap<string, CountedRow>
  readonly usage: Usage | undefined
  readonly k: number
  /** Why there are no new figures from reporting. */
  readonly trouble: string | undefined
}

const nameWidthMax = 22
const figureWidth = 8
const barWidthMax = 40
const progressWidthMax = 40
const featuresMax = 12

/** The table as lines of at most `columns` characters; fewer than `rows` of them, for what is taller cannot be redrawn. */
export function tableLines(state: DemoState, columns: number, rows: number, now: number): string[] {
  const top = [state.title, '', ...figures(state, columns, now), progress(state, columns), '']
  // Below: the heading of the features, a blank line, the footer, and the line that the cursor waits in.
  const room = Math.max(1, Math.min(featuresMax, rows - top.length - 4))
  const shown = [...state.features].sort(([, a], [, b]) => b.events - a.events).slice(0, room)
  const middle = shown.length > 0 ? featureLines(shown, columns) : ['waiting for the first figures …']
  return [...top, ...middle, '', footer(state, shown.length)].map((line) => cut(line, columns))
}

/** The same in one line, for output that nobody can draw in. */
export function plainLine(state: DemoState, now: number): string {
  const { tally, expected } = state
  const seconds = Math.round(state.elapsedMs / 1000)
  const parts = [
    `sent ${number(tally.sent)}`,
    `accepted ${number(tally.accepted)}`,
    `again ${number(tally.again)}`,
    `counted ${countedText(state.counted)} of ${number(expected)}`,
    `fresh to ${lag(state.usage, now)}`,
  ]
  return `${seconds} s: ${parts.join(', ')}${state.trouble ? `; ${state.trouble}` : ''}`
}

function figures(state: DemoState, columns: number, now: number): string[] {
  const { tally, counted, expected } = state
  const pairs: [string, string][] = [
    ['sent', number(tally.sent)],
    ['accepted', number(tally.accepted)],
    ['sent again', number(tally.again)],
    ['in flight', number(state.inFlight)],
    ['counted', countedText(counted)],
    ['expected', number(expected)],
    ['fresh to', lag(state.usage, now)],
  ]
  const perLine = columns >= 90 ? 4 : 2
  const width = Math.floor(columns / perLine)
  const lines: string[] = []
  for (let at = 0; at < pairs.length; at += perLine) {
    const cells = pairs.slice(at, at + perLine).map(([name, value]) => `${name.padEnd(11)}${value}`.padEnd(width))
    lines.push(cells.join('').trimEnd())
  }
  return lines
}

function progress({ elapsedMs, totalMs }: DemoState, columns: number): string {
  const share = Math.min(1, elapsedMs / totalMs)
  const width = Math.min(progressWidthMax, columns - 30)
  const left = Math.max(0, totalMs - elapsedMs)
  return `${bar(share, width, '░')}  ${clock(elapsedMs)} gone, ${clock(left)} to go`
}

function featureLines(shown: readonly [string, CountedRow][], columns: number): string[] {
  const nameWidth = Math.min(
    nameWidthMax,
    Math.max(7, ...shown.map(([name, { withEarlier }]) => marked(name, withEarlier).length)),
  )
  const room = Math.floor((columns - nameWidth - 2 * figureWidth - 4) / 2)
  const barWidth = Math.max(3, Math.min(barWidthMax, room))
  const most = (of: (row: CountedRow) => number) => Math.max(1, ...shown.map(([, row]) => of(row)))
  const mostEvents = most(({ events }) => events)
  const mostDevices = most(({ devices }) => devices)
  const column = (value: number, max: number) =>
    `${number(value).padStart(figureWidth)} ${bar(Math.max(0, value) / max, barWidth, ' ')}`
  const head = (text: string) => `${text.padStart(figureWidth)} ${' '.repeat(barWidth)}`
  return [
    `${'feature'.padEnd(nameWidth)}${head('events')} ${head('devices')}`.trimEnd(),
    ...shown.map(([name, { events, devices, withEarlier }]) =>
      `${cut(marked(name, withEarlier), nameWidth).padEnd(nameWidth)}${column(events, mostEvents)} ${column(devices, mostDevices)}`.trimEnd(),
    ),
  ]
}

function footer({ usage, k, features, counted, trouble }: DemoState, shown: number): string {
  if (trouble) return trouble
  const more = features.size > shown ? `${features.size - shown} more; ` : ''
  const hidden = usage?.suppressed ? `${usage.suppressed} hidden (k = ${k}); ` : ''
  const withEarlier = counted?.withEarlier || [...features.values()].some((row) => row.withEarlier)
  return `Ctrl-C stops; ${more}${hidden}${withEarlier ? "* and devices: the day's" : "devices: the day's"}`
}

function countedText(counted: CountedRow | undefined): string {
  return counted ? marked(number(counted.events), counted.withEarlier) : 'hidden'
}

function marked(text: string, withEarlier: boolean): string {
  return withEarlier ? `${text}*` : text
}

/** A bar of eighths, so that it grows smoothly. */
function bar(share: number, width: number, rest: string): string {
  const eighths = Math.round(Math.min(1, share) * width * 8)
  const part = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8]!
  return ('█'.repeat(Math.floor(eighths / 8)) + part).padEnd(width, rest)
}

function lag(usage: Usage | undefined, now: number): string {
  if (usage?.freshTo === undefined) return 'not known'
  return `${(Math.max(0, now - usage.freshTo) / 1000).toFixed(1)} s ago`
}

function clock(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

function number(value: number): string {
  return value.toLocaleString('en')
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}
