/**
 * Times as senders write them, as milliseconds since the Unix epoch. On the hot path: the usual form
 * `2026-11-23T10:15:00.123Z` is read without a regular expression, and the day of the last call is remembered, because
 * the events of a batch are nearly always of one day.
 */
const dayMs = 86_400_000
const general = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/
const generalOrColonless = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):?(\d\d))$/
const lengthMax = 64

const zero = 0x30
let lastDate = -1
let lastDay = Number.NaN

/**
 * An RFC 3339 date-time, or NaN. Strict: impossible dates, a missing offset, a space for the T and years outside
 * 1970–9999 are NaN; digits after the millisecond are cut. A leap second (23:59:60 UTC at the end of a month) becomes
 * the last millisecond before it, so that it stays in its day.
 */
export function parseTime(text: string): number {
  const { length } = text
  if ((length === 24 || length === 20) && text.charCodeAt(length - 1) === 0x5a) {
    const time = parseUsual(text, length)
    if (!Number.isNaN(time)) return time
  }
  return length > lengthMax ? Number.NaN : parseGeneral(general.exec(text))
}

/** Back again, with milliseconds and `Z`. @param time ms since the Unix epoch */
export function rfc3339(time: number): string {
  return new Date(time).toISOString()
}

/** The same, and the offset may lack its colon: `2019-10-11T14:40:54+0000`, as analytics-go writes it. */
export function parseSegmentTime(text: string): number {
  const time = parseTime(text)
  return !Number.isNaN(time) || text.length > lengthMax ? time : parseGeneral(generalOrColonless.exec(text))
}

function parseUsual(text: string, length: number): number {
  if (
    text.charCodeAt(4) !== 0x2d ||
    text.charCodeAt(7) !== 0x2d ||
    text.charCodeAt(10) !== 0x54 ||
    text.charCodeAt(13) !== 0x3a ||
    text.charCodeAt(16) !== 0x3a
  )
    return Number.NaN
  const century = pair(text, 0)
  const year = pair(text, 2)
  const month = pair(text, 5)
  const day = pair(text, 8)
  const date = ((century * 128 + year) * 128 + month) * 128 + day
  if (date !== lastDate) {
    if (century > 99 || year > 99) return Number.NaN
    lastDay = startOfDay(century * 100 + year, month, day)
    lastDate = date
  }
  const hour = pair(text, 11)
  const minute = pair(text, 14)
  const second = pair(text, 17)
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN
  const ofDay = ((hour * 60 + minute) * 60 + second) * 1000
  if (length === 20) return lastDay + ofDay
  const tenth = text.charCodeAt(20) - zero
  const rest = pair(text, 21)
  if (text.charCodeAt(19) !== 0x2e || tenth < 0 || tenth > 9 || rest > 99) return Number.NaN
  return lastDay + ofDay + tenth * 100 + rest
}

function parseGeneral(match: RegExpExecArray | null): number {
  if (!match) return Number.NaN
  const [, year, month, day, hours, minutes, seconds, fraction, sign, offsetHours = '0', offsetMinutes = '0'] = match
  const hour = Number(hours)
  const minute = Number(minutes)
  const second = Number(seconds)
  if (hour > 23 || minute > 59 || second > 60 || Number(offsetHours) > 23 || Number(offsetMinutes) > 59)
    return Number.NaN
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000 * (sign === '-' ? -1 : 1)
  const local = startOfDay(Number(year), Number(month), Number(day)) + hour * 3_600_000 + minute * 60_000
  const minuteStart = local - offsetMs
  const time =
    second === 60
      ? leapSecond(minuteStart)
      : minuteStart + second * 1000 + (fraction ? Math.floor(Number(`0${fraction.slice(0, 4)}`) * 1000 + 1e-6) : 0)
  return time >= 0 && time < timeMax ? time : Number.NaN
}

/** The first moment that four digits of a year cannot tell; ms since the Unix epoch. */
export const timeMax = Date.UTC(10_000, 0, 1)

/** 23:59:59.999 where a leap second can be: in the last minute of a month. */
function leapSecond(minuteStart: number): number {
  const next = minuteStart + 60_000
  return next % dayMs === 0 && new Date(next).getUTCDate() === 1 ? next - 1 : Number.NaN
}

/** NaN for days that no calendar has, and for years before 1970. */
function startOfDay(year: number, month: number, day: number): number {
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN
  const start = Date.UTC(year, month - 1, day)
  return new Date(start).getUTCDate() === day ? start : Number.NaN
}

const noPair = 127

/** Two digits at `at` as a number; 127, which no part of a time can be, when one is none. All in small integers. */
function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero
  const ones = text.charCodeAt(at + 1) - zero
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : noPair
}
