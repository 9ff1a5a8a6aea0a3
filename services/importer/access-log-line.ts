/**
 * One line of a web server's access log, NCSA common or combined format
 * (https://httpd.apache.org/docs/2.4/logs.html). Real logs have lines cut off in the middle of the user agent, quotes
 * escaped with a backslash and requests that are no HTTP: such a line is a request all the same.
 */
export const accessLogFormats = ['combined', 'common'] as const
export type AccessLogFormat = (typeof accessLogFormats)[number]

export interface AccessLogLine {
  ip: string
  /** ms since the Unix epoch */
  time: number
  /** Path with query as requested; '' when the request line has none. */
  path: string
  /** '' for the common format, for `-`, and where the line ends before it. */
  userAgent: string
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const quoted = '"((?:[^"\\\\]|\\\\.)*)(?:"|$)'
const common = `^(\\S+) \\S+ .*?\\[([^\\]]{20,30})\\] ${quoted} (?:\\d{3}|-) (?:\\d+|-)`
const patterns: Record<AccessLogFormat, RegExp> = {
  common: new RegExp(common),
  combined: new RegExp(`${common}(?: ${quoted}(?: ${quoted})?)?`),
}

/** The line's parts; undefined when address, time or request cannot be found in it. */
export function parseAccessLogLine(line: string, format: AccessLogFormat): AccessLogLine | undefined {
  const match = patterns[format].exec(line)
  if (!match) return undefined
  const [, ip = '', stamp = '', request = '', , userAgent = ''] = match
  const time = parseStamp(stamp)
  if (time === undefined) return undefined
  return { ip, time, path: request.split(' ')[1] ?? '', userAgent: userAgent === '-' ? '' : userAgent }
}

/** `17/May/2015:10:05:03 +0000` */
function parseStamp(stamp: string): number | undefined {
  const match = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/.exec(stamp)
  if (!match) return undefined
  const [, day, monthName = '', year, hour, minute, second, sign, offsetHours, offsetMinutes] = match
  const month = months.indexOf(monthName)
  if (month < 0 || Number(day) < 1 || Number(day) > 31 || Number(hour) > 23 || Number(minute) > 59) return undefined
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000 * (sign === '-' ? -1 : 1)
  return Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second)) - offsetMs
}
