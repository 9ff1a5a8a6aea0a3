/** Changes to bytes that know nothing of what they mean. */
import type { Draw } from './draw.ts'

const bytesMax = 20_000
const telling = ['"', '\\', '{', '[', '}', ']', ',', ':', '\0', '\n', '&', '=', '%', 'ÿ', '\\u0000', '\ufeff', '1e999']

/** @returns a copy with one to eight changes */
export function mutateBytes(bytes: Buffer, draw: Draw): Buffer {
  let changed: Buffer = Buffer.from(bytes)
  for (let change = draw.number(8); change >= 0; change--) changed = changeOne(changed, draw)
  return changed.subarray(0, bytesMax)
}

function changeOne(bytes: Buffer, draw: Draw): Buffer {
  const at = draw.number(bytes.length)
  const end = at + draw.number(Math.min(64, bytes.length - at))
  switch (draw.number(6)) {
    case 0:
      if (at < bytes.length) bytes[at] = draw.number(256)
      return bytes
    case 1:
      if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << draw.number(8))
      return bytes
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
    case 3:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
    case 4:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(draw.of(telling)), bytes.subarray(at)])
    default:
      return draw.isOneIn(4) ? bytes.subarray(0, at) : bytes
  }
}

export function rawBytes(draw: Draw): Buffer {
  return Buffer.from(Array.from({ length: draw.number(200) }, () => draw.number(256)))
}
