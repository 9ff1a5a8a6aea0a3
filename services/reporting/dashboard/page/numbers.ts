/** Numbers and times in the reader's own format; times are UTC throughout. */
const whole = new Intl.NumberFormat()
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
const fine = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 })
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 })
const signed = new Intl.NumberFormat(undefined, {
  style: 'percent',
  maximumFractionDigits: 0,
  signDisplay: 'exceptZero',
})

export const formatWhole = (value: number): string => whole.format(Math.round(value))
export const formatShort = (value: number): string =>
  Math.abs(value) < 10_000 ? formatFine(value) : short.format(value)
export const formatShare = (value: number): string => percent.format(value)
export const formatChange = (value: number): string => signed.format(value)

/** Small means keep a digit, the rest is whole. */
export function formatFine(value: number): string {
  return Math.abs(value) < 100 && !Number.isInteger(value) ? fine.format(value) : formatWhole(value)
}

const zone = { timeZone: 'UTC' } as const
const day = new Intl.DateTimeFormat(undefined, { ...zone, day: 'numeric', month: 'short', year: 'numeric' })
const weekday = new Intl.DateTimeFormat(undefined, { ...zone, weekday: 'short', day: 'numeric', month: 'short' })
const month = new Intl.DateTimeFormat(undefined, { ...zone, month: 'long', year: 'numeric' })
const moment = new Intl.DateTimeFormat(undefined, { ...zone, hour: '2-digit', minute: '2-digit' })

export const formatDay = (time: number): string => day.format(time)
/** First and last day; one day once. @param to exclusive */
export function formatDays(from: number, to: number): string {
  const [first, last] = [day.format(from), day.format(to - 1)]
  return first === last ? first : `${first} to ${last}`
}

export const formatTime = (time: number): string => `${moment.format(time)} UTC`

export function formatWindow(grain: string, time: number): string {
  if (grain === 'month') return month.format(time)
  if (grain === 'week') return `week of ${day.format(time)}`
  if (grain === 'day') return weekday.format(time)
  return `${weekday.format(time)}, ${moment.format(time)}`
}

export function formatAgo(ms: number): string {
  if (ms < 90_000) return `${Math.max(0, Math.round(ms / 1000))} s`
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`
  return `${formatWhole(ms / 3_600_000)} h`
}
