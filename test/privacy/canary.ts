/**
 * Canaries: unique strings that stand for what a sender must not find again, and every form in which one could be
 * stored. What is searched for is the canary's random core, so that a part of a value, or a value inside another, is
 * found as well as the whole; hashes are of the whole value, as the core alone would never be hashed.
 *
 * Of a hash the first eight bytes are enough: shortened ones are found too, and chance does not make eight bytes meet.
 * For the same reason an IPv4 address is not searched for as its four raw bytes, which occur in any file of some size;
 * an IPv6 address is searched for as its sixteen.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { isIPv6, SocketAddress } from 'node:net'

/** A byte string to look for; `what` says what was found if it is. */
export interface Needle {
  readonly what: string
  readonly bytes: Buffer
}

export interface Canary {
  /** Where a sender puts it. */
  readonly kind: string
  /** As it is sent. */
  readonly value: string
  /** The part of the value that occurs nowhere else. */
  readonly core: string
}

/** Shorter byte strings meet by chance. */
const needleBytesMin = 8
const hashBytes = 8
/** What identifiers are put before or between when they are hashed: by us, and by the obvious ways to do it. */
const unitKinds = ['device', 'cookie', 'cluster', 'address', 'ip', 'email', 'user']
const separators = ['\0', ':', '|', ' ', '']

/** A canary whose value is `wrap` of a core of 22 letters and digits (as long as Headcount's own cookie). */
export function makeCanary(kind: string, wrap: (core: string) => string = (core) => core): Canary {
  // Letters of both cases at fixed places: its lower-case and upper-case forms are surely other strings.
  const core = `Q${randomBytes(24).toString('base64').replace(/[+/]/g, 'Z').slice(0, 20)}k`
  return { kind, value: wrap(core), core }
}

/**
 * A canary of syllables: nothing that could be taken for a key, so that no guard but the scan finds it. No syllable comes
 * twice: the engine's compression (LZ4) writes the second of two pairs that are alike as a reference to the first.
 */
export function makeWordCanary(kind: string): Canary {
  const left = ['la', 'ne', 'ri', 'to', 'mu', 'sa', 'de', 'co', 'pi', 've', 'na', 'le', 'ra', 'ti', 'mo', 'se']
  const chosen = Array.from({ length: 10 }, () => left.splice(randomInt(left.length), 1)[0])
  const core = `Q${chosen.join('')}K`
  return { kind, value: core, core }
}

/** An address as a canary; all of it is its core. */
export function makeAddressCanary(kind: string, version: 4 | 6): Canary {
  const bytes = randomBytes(8)
  const groups = [0, 2, 4, 6].map((at) => (bytes.readUInt16BE(at) | 0x1000).toString(16))
  // Benchmarking and documentation networks: nobody's address. The zeros let the IPv6 one be written shorter.
  const value = version === 4 ? `198.19.${bytes[0]! | 128}.${bytes[1]! | 128}` : `2001:db8::${groups.join(':')}`
  return { kind, value, core: value }
}

/** Every form of the canary. */
export function needlesOf({ kind, value, core }: Canary): Needle[] {
  const texts = new Set([core, core.toLowerCase(), core.toUpperCase(), encodeURIComponent(core)])
  if (isIPv6(value)) for (const text of addressTexts(value)) texts.add(text)
  const wholes = new Set([value, value.toLowerCase(), core])
  const needles = [
    ...[...texts].flatMap((text) => textNeedles(kind, text)),
    ...[...wholes].flatMap((whole) => hashNeedles(kind, whole)),
    ...(isIPv6(value) ? byteNeedles(`${kind} as address bytes`, addressBytes(value)) : []),
  ]
  return needles.filter(({ bytes }) => bytes.length >= needleBytesMin)
}

/** Hashes of an address and a user agent together: what a sender without an identifier is known by. */
export function pairNeedles(address: Canary, userAgent: Canary): Needle[] {
  const kind = `${address.kind} with ${userAgent.kind}`
  return separators.flatMap((between) =>
    [`${address.value}${between}${userAgent.value}`, `${userAgent.value}${between}${address.value}`].flatMap((text) =>
      hashNeedles(kind, text),
    ),
  )
}

/** A secret, or anything else of which the bytes count: raw, hex and base64. */
export function byteNeedles(what: string, bytes: Buffer): Needle[] {
  const reversed = Buffer.from(bytes).reverse()
  return [
    { what, bytes },
    { what: `${what}, reversed`, bytes: reversed },
    { what: `${what}, hex`, bytes: Buffer.from(bytes.toString('hex')) },
    { what: `${what}, HEX`, bytes: Buffer.from(bytes.toString('hex').toUpperCase()) },
    ...base64Needles(what, bytes),
  ]
}

function textNeedles(kind: string, text: string): Needle[] {
  const what = `${kind} ${JSON.stringify(text)}`
  const bytes = Buffer.from(text, 'utf8')
  const wide = Buffer.from(text, 'utf16le')
  return [
    { what, bytes },
    { what: `${what}, hex`, bytes: Buffer.from(bytes.toString('hex')) },
    { what: `${what}, HEX`, bytes: Buffer.from(bytes.toString('hex').toUpperCase()) },
    { what: `${what}, UTF-16LE`, bytes: wide },
    { what: `${what}, UTF-16BE`, bytes: Buffer.from(wide).swap16() },
    ...base64Needles(what, bytes),
  ]
}

/** A text's base64 depends on where in its group of three bytes it starts; the characters shared with others are cut off. */
function base64Needles(what: string, bytes: Buffer): Needle[] {
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes])
    const start = Math.ceil((before * 4) / 3)
    const end = Math.floor((padded.length * 4) / 3)
    return (['base64', 'base64url'] as const).map((form) => ({
      what: `${what}, ${form}`,
      bytes: Buffer.from(padded.toString(form).slice(start, end)),
    }))
  })
}

function hashNeedles(kind: string, text: string): Needle[] {
  const prefixed = unitKinds.flatMap((unit) => separators.map((between) => `${unit}${between}${text}`))
  return [text, `${text}\n`, ...prefixed].flatMap((hashed) =>
    ['md5', 'sha1', 'sha256'].flatMap((algorithm) => {
      const what = `${algorithm} of ${kind} ${JSON.stringify(hashed)}`
      const digest = createHash(algorithm).update(hashed).digest()
      return [
        { what, bytes: digest.subarray(0, hashBytes) },
        { what: `${what}, hex`, bytes: Buffer.from(digest.toString('hex').slice(0, 2 * hashBytes)) },
        {
          what: `${what}, HEX`,
          bytes: Buffer.from(
            digest
              .toString('hex')
              .slice(0, 2 * hashBytes)
              .toUpperCase(),
          ),
        },
        { what: `${what}, base64`, bytes: Buffer.from(digest.toString('base64').slice(0, 10)) },
        { what: `${what}, base64url`, bytes: Buffer.from(digest.toString('base64url').slice(0, 10)) },
      ]
    }),
  )
}

/** The ways to write an IPv6 address: shortened, in full, and with all zeros left in place. */
function addressTexts(address: string): string[] {
  const groups = Array.from({ length: 8 }, (_, at) =>
    addressBytes(address)
      .readUInt16BE(at * 2)
      .toString(16),
  )
  return [
    new SocketAddress({ address, family: 'ipv6' }).address,
    groups.join(':'),
    groups.map((group) => group.padStart(4, '0')).join(':'),
  ].flatMap((text) => [text, text.toUpperCase(), encodeURIComponent(text)])
}

function addressBytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::')
  const [before, after] = [head, tail].map((part) => (part === '' ? [] : part.split(':')))
  const groups = [...before!, ...Array(8 - before!.length - after!.length).fill('0'), ...after!]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}
