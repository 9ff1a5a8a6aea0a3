/** The Range header (RFC 9110, 14.2), one range of bytes. */
export type ByteRange = { readonly start: number /** Inclusive. */; readonly end: number }

/**
 * @param length of the whole, in bytes
 * @returns `whole` where the header is to be passed over: another unit, several ranges, not well-formed
 */
export function parseRange(header: string | undefined, length: number): ByteRange | 'whole' | 'unsatisfiable' {
  const [, from = '', to = ''] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? '') ?? []
  if (from === '' && to === '') return 'whole'
  if (from === '') {
    const last = Math.min(Number(to), length)
    return last === 0 ? 'unsatisfiable' : { start: length - last, end: length - 1 }
  }
  const start = Number(from)
  if (to !== '' && Number(to) < start) return 'whole'
  if (start >= length) return 'unsatisfiable'
  return { start, end: to === '' ? length - 1 : Math.min(Number(to), length - 1) }
}
