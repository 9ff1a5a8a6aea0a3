/** CloudEvents attributes in HTTP headers: the HTTP protocol binding 1.0.2, 3.1.3. */

import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import type { Members } from './members.ts'

const prefix = 'ce-'
const quoted = /^"((?:[^"\\]|\\.)*)"$/
const encoded = /(?:%[0-9A-Fa-f]{2})+/g

/**
 * The attributes that the headers have, by name without prefix; the media type of the data is `Content-Type`'s to say.
 * @returns undefined when a value is percent-encoded and no UTF-8
 */
export function attributesIn(headers: IncomingHttpHeaders): Members | undefined {
  const attributes: Members = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(prefix) || value === undefined) continue
    const text = attributeText(String(value))
    if (text === undefined) return undefined
    // Defined, not assigned: a header may be called ce-__proto__.
    Object.defineProperty(attributes, name.slice(prefix.length), { value: text, enumerable: true })
  }
  const type = headers['content-type']
  if (type !== undefined) Object.defineProperty(attributes, 'datacontenttype', { value: type, enumerable: true })
  return attributes
}

/** Quotes first, as versions before 1.0.2 wrote them, then one round of percent-decoding. A bare `%` stays one. */
function attributeText(value: string): string | undefined {
  const inside = quoted.exec(value)?.[1]?.replace(/\\(.)/g, '$1') ?? value
  let valid = true
  const text = inside.replace(encoded, (sequence) => {
    const bytes = Buffer.from(sequence.replaceAll('%', ''), 'hex')
    valid &&= isUtf8(bytes)
    return bytes.toString('utf8')
  })
  return valid ? text : undefined
}
