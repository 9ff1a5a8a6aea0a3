/** ClickHouse's TabSeparated text: what a value needs so that it stays one field. */

const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0' }

/** A string as a TabSeparated field. */
export function escapeTab(value: string): string {
  return value.replace(/[\\\t\n\r\0]/g, (one) => escapes[one] ?? '')
}

/** A moment (ms since the Unix epoch) as a DateTime field: Unix seconds; fewer than ten digits would not be taken. */
export function tabDateTime(time: number): string {
  return String(Math.floor(time / 1000)).padStart(10, '0')
}
