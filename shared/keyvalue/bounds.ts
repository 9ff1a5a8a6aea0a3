/** How large keys and values may be, in every adapter. */

export const keyBytesMax = 512
export const valueBytesMax = 16 * 1024 * 1024

/** The key's bytes. @throws RangeError when there are none or too many */
export function keyOf(key: string): Buffer {
  const id = Buffer.from(key, 'utf8')
  if (id.length === 0 || id.length > keyBytesMax)
    throw new RangeError(`a key has 1 to ${keyBytesMax} bytes; this one has ${id.length}`)
  return id
}

/** @throws RangeError when the value is too large */
export function checkValue(value: Buffer): void {
  if (value.length > valueBytesMax)
    throw new RangeError(`a value has at most ${valueBytesMax} bytes; this one has ${value.length}`)
}
