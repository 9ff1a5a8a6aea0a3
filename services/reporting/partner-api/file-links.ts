/**
 * Links that stand in for a key, for one file and a short time: what they allow, and an HMAC-SHA256 of it under a secret
 * that all processes share through the key-value store. If that store is lost, so are the links.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import { type ReleaseFormat, releaseFormats } from '../../release/release-store.ts'

export const linkLifeMs = 15 * 60_000
const secretName = 'partner-links'
const tokenLengthMax = 1000

export interface FileLink {
  readonly partner: string
  readonly dataset: string
  readonly day: string
  readonly format: ReleaseFormat
  /** Of the file. */
  readonly sha256: string
  /** ms since the Unix epoch. */
  readonly expiresAt: number
}

export class FileLinks {
  readonly #keyValue: KeyValue
  readonly #clock: Clock

  constructor({ keyValue, clock }: { keyValue: KeyValue; clock: Clock }) {
    this.#keyValue = keyValue
    this.#clock = clock
  }

  /** @param until the end of the partner's key, ms since the Unix epoch: no link outlives it */
  async sign(link: Omit<FileLink, 'expiresAt'>, until: number): Promise<{ token: string; expiresAt: number }> {
    const [one] = await this.signAll([link], until)
    return one as { token: string; expiresAt: number }
  }

  async signAll(links: readonly Omit<FileLink, 'expiresAt'>[], until: number) {
    const secret = await this.#secret()
    const expiresAt = Math.min(this.#clock.now() + linkLifeMs, until)
    return links.map(({ partner, dataset, day, format, sha256 }) => {
      const text = JSON.stringify([partner, dataset, day, format, sha256, expiresAt])
      const body = Buffer.from(text).toString('base64url')
      return { token: `${body}.${mac(secret, body).toString('base64url')}`, expiresAt }
    })
  }

  /** What a token allows; undefined unless it was signed here and its time has not come. */
  async read(token: string): Promise<FileLink | undefined> {
    const secret = await this.#secret()
    const [body = '', given = ''] = token.slice(0, tokenLengthMax).split('.')
    const expected = mac(secret, body)
    const bytes = Buffer.from(given, 'base64url')
    if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected)) return undefined
    const [partner, dataset, day, format, sha256, expiresAt] = JSON.parse(Buffer.from(body, 'base64url').toString())
    if (!releaseFormats.includes(format) || !(this.#clock.now() < expiresAt)) return undefined
    return { partner, dataset, day, format, sha256, expiresAt }
  }

  async #secret(): Promise<Buffer> {
    const { secrets } = this.#keyValue
    const secret = (await secrets.read(secretName)) ?? (await secrets.createOnce(secretName, () => randomBytes(32)))
    if (!secret) throw new Error('the secret of partner links was destroyed: no link can be made any more')
    return secret
  }
}

function mac(secret: Buffer, body: string): Buffer {
  return createHmac('sha256', secret).update(`headcount partner link v1\n${body}`).digest()
}
