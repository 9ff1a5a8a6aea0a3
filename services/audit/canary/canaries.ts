/**
 * Canaries of an audit: random texts that stand for what a sender must not find again, and every form of them that is
 * looked for. All of one audit begin alike, so a text is found by that beginning, also when only a part of it was kept;
 * hashes are of each whole text.
 */
import { createHash, randomBytes } from 'node:crypto'

/** Where a sender puts it. */
export const canaryKinds = [
  'device',
  'cookie',
  'cluster',
  'user-agent',
  'event-id',
  'value',
  'undeclared',
  'foreign-cookie',
  'query',
  'rejected',
  'unreadable',
  'opted-out',
  'gpc',
  'dnt',
] as const
export type CanaryKind = (typeof canaryKinds)[number]

/** Of those nothing may be in the event log either. */
export const neverKept: readonly CanaryKind[] = [
  'undeclared',
  'foreign-cookie',
  'query',
  'rejected',
  'unreadable',
  'opted-out',
  'gpc',
  'dnt',
]

export type Canaries = Readonly<Record<CanaryKind, string>> & { readonly start: string }

interface Needle {
  readonly kind: CanaryKind | undefined
  readonly bytes: Buffer
}

const startLength = 12
/** Of a hash so many bytes are enough: shortened ones are found too, and chance does not make eight bytes meet. */
const hashBytes = 8

/** Letters of both cases, so that lower and upper case are surely other texts; syllables, so that no guard takes it for a key. */
export function makeCanaries(): Canaries {
  const start = `Q${syllables((startLength - 2) / 2)}K`
  const texts = canaryKinds.map((kind) => [kind, `${start}${syllables(8)}`] as const)
  return { ...(Object.fromEntries(texts) as Record<CanaryKind, string>), start }
}

export class CanarySearch {
  /** Bytes by which two pieces of something long must overlap. */
  readonly overlap: number
  /** Texts of which one occurs wherever a canary does, for a search in SQL. */
  readonly texts: readonly string[]
  readonly #needles: readonly Needle[]

  constructor(canaries: Canaries) {
    const forms = formsOf(canaries.start)
    this.texts = [canaries.start, canaries.start.toLowerCase(), canaries.start.toUpperCase(), ...forms.encoded]
    const starts = [...this.texts.map((text) => Buffer.from(text)), ...forms.wide]
    const hashes = canaryKinds.flatMap((kind) => hashesOf(canaries[kind]).map((bytes) => ({ kind, bytes })))
    this.#needles = [...starts.map((bytes) => ({ kind: undefined, bytes })), ...hashes]
    this.overlap = Math.max(...this.#needles.map(({ bytes }) => bytes.length)) - 1
  }

  /** Whether anything of a canary is in it. */
  isIn(haystack: Buffer | string): boolean {
    const bytes = typeof haystack === 'string' ? Buffer.from(haystack, 'utf8') : haystack
    return this.#needles.some((needle) => bytes.includes(needle.bytes))
  }
}

function syllables(count: number): string {
  const all = ['la', 'ne', 'ri', 'to', 'mu', 'sa', 'de', 'co', 'pi', 've', 'na', 'le', 'ra', 'ti', 'mo', 'se']
  return [...randomBytes(count)].map((byte) => all[byte % 16]).join('')
}

/** Base64 depends on where in its group of three bytes a text starts; the characters shared with others are cut off. */
function formsOf(text: string): { encoded: string[]; wide: Buffer[] } {
  const bytes = Buffer.from(text)
  const hex = bytes.toString('hex')
  const base64 = [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes])
    const [from, to] = [Math.ceil((before * 4) / 3), Math.floor((padded.length * 4) / 3)]
    return (['base64', 'base64url'] as const).map((form) => padded.toString(form).slice(from, to))
  })
  const wide = Buffer.from(text, 'utf16le')
  return { encoded: [...new Set([hex, hex.toUpperCase(), ...base64])], wide: [wide, Buffer.from(wide).swap16()] }
}

function hashesOf(text: string): Buffer[] {
  return ['md5', 'sha1', 'sha256'].flatMap((algorithm) => {
    const digest = createHash(algorithm).update(text).digest()
    const hex = digest.toString('hex').slice(0, 2 * hashBytes)
    return [digest.subarray(0, hashBytes), Buffer.from(hex), Buffer.from(digest.toString('base64').slice(0, 10))]
  })
}
