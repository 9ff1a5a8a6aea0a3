/** Values of an event's members as senders give them, checked and brought to the types that records keep. */
const textLengthMax = 256
const identifierLengthMax = 256

/** 1 to 256 UTF-16 units, no control character, no half of a surrogate pair: such ids would collide once encoded. */
export function isIdentifier(value: unknown): value is string {
  if (typeof value !== 'string') return false
  const { length } = value
  if (length === 0 || length > identifierLengthMax) return false
  for (let at = 0; at < length; at++) {
    const unit = value.charCodeAt(at)
    if (unit < 0x20 || unit === 0x7f) return false
    if (unit >= 0x80) return isPlainUnicode(value)
  }
  return true
}

/** Off the hot path: identifiers are ASCII nearly always. */
function isPlainUnicode(value: string): boolean {
  return !/\p{Cc}|\p{Cs}/u.test(value)
}

/** A declared text field: a string of at most 256 characters, a number or a boolean, as text; undefined when invalid. */
export function textValue(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.length <= textLengthMax ? value : undefined
    case 'number':
      return Number.isFinite(value) ? String(value) : undefined
    case 'boolean':
      return String(value)
    default:
      return undefined
  }
}

/** A declared number field: a finite number, or a string that is one; undefined when invalid. */
export function numberValue(value: unknown): number | undefined {
  if (typeof value === 'string') {
    if (value === '' || value.length > 64 || value.trim() !== value) return undefined
    value = Number(value)
  }
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
