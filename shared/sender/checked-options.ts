/** Options that a sender cannot do without, or that would break a request. */
import type { SenderOptions } from './options.ts'
import { ownUserAgent } from './post.ts'

/** @throws Error when it is no address of a collector */
export function eventsUrl(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined
  if (base?.protocol !== 'http:' && base?.protocol !== 'https:')
    throw new Error('`url` must be the address of a collector, for example http://127.0.0.1:8080')
  if (base.username !== '' || base.password !== '') throw new Error('`url` must have no user name and password')
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return new URL('v1/events', base)
}

/** @throws Error when it cannot be sent in a header */
export function keyOf(writeKey: string): string {
  if (typeof writeKey === 'string' && /^[\x21-\x7e]+$/.test(writeKey)) return writeKey
  throw new Error('`writeKey` must be the write key of the collector: printable characters without spaces')
}

export function userAgentOf(given: string | undefined): string {
  return typeof given === 'string' && /^[\x20-\x7e]{1,256}$/.test(given) ? given : ownUserAgent
}

/** Where `show` prints to. Standard output is the host's. */
export function printerOf({ show }: SenderOptions): (text: string) => void {
  return typeof show === 'function' ? show : (text) => console.error(text)
}
