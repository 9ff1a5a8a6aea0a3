/** JSON text from outside: UTF-8, bounded in depth, and never quoted back. */
import { isAscii, isUtf8 } from 'node:buffer'
import { ProblemError, problem } from '../../shared/http/problem.ts'

export const depthMax = 32
/** A level of nesting takes the parser about 80 bytes: with fewer of them than this, depth can be judged after parsing. */
const openersMax = 20_000

const quote = 0x22
const backslash = 0x5c
const del = 0x7f

/**
 * Whether it is ASCII without a backslash or DEL: then no string in it can have a character that JSON must escape, so its
 * strings may be checked by length alone and written back between bare quotes.
 */
export function isPlain(body: Buffer): boolean {
  return isAscii(body) && !body.includes(backslash) && !body.includes(del)
}

/**
 * The body as text.
 * @throws ProblemError 400 unless the body is UTF-8; RFC 8259 knows no other encoding
 */
export function decodeText(body: Buffer): string {
  if (isAscii(body)) return body.toString('latin1')
  if (!isUtf8(body)) {
    throw new ProblemError(
      problem(
        400,
        'not-utf8',
        'The body is not UTF-8',
        'Send JSON encoded in UTF-8, without bytes of other encodings.',
      ),
    )
  }
  const marked = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf
  return body.toString('utf8', marked ? 3 : 0)
}

/**
 * The parsed body; `text` is what `decodeText` made of it. One with very many brackets is scanned for depth first, so
 * that nesting cannot take memory; in any other the caller judges, with `isDeep`, the values that it looks at, which
 * costs nothing for flat events.
 * @throws ProblemError 400 not JSON, too deep
 */
export function parseJson(body: Buffer, text: string): unknown {
  if (body.length > openersMax && hasManyOpeners(text)) checkDepth(body)
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes the input.
    throw new ProblemError(
      problem(400, 'not-json', 'The body is not JSON', 'Send one JSON text (RFC 8259), complete and without comments.'),
    )
  }
}

/** Whether more than `openersMax` brackets and braces open, also inside strings: never fewer than the depth. */
function hasManyOpeners(text: string): boolean {
  let openers = 0
  // By search: a loop over the characters would take as long as parsing them.
  for (const opener of ['{', '[']) {
    for (let at = text.indexOf(opener); at >= 0; at = text.indexOf(opener, at + 1)) {
      if (++openers > openersMax) return true
    }
  }
  return false
}

/**
 * Over bytes, which takes half the time of characters; in UTF-8 no other character has a byte of these.
 * @throws ProblemError 400 when the JSON text nests deeper than `depthMax`; other mistakes are the parser's to find
 */
export function checkDepth(body: Buffer): void {
  let depth = 0
  const { length } = body
  for (let at = 0; at < length; at++) {
    const byte = body[at]
    if (byte === quote) {
      for (at++; at < length; at++) {
        const inside = body[at]
        if (inside === quote) break
        if (inside === backslash) at++
      }
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > depthMax) throw tooDeep()
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
}

/** Whether a parsed value nests more than `levels` arrays and objects. The recursion is bounded by `levels`. */
export function isDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) return value.some((entry) => isDeep(entry, levels - 1))
  for (const name in value) if (isDeep((value as Record<string, unknown>)[name], levels - 1)) return true
  return false
}

export function tooDeep(): ProblemError {
  return new ProblemError(
    problem(
      400,
      'too-deep',
      'The body is nested too deeply',
      `JSON may nest at most ${depthMax} arrays and objects. Send events as flat objects.`,
    ),
  )
}
