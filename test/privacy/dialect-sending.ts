/** What senders of canaries through every dialect have in common. */
import type { Canaries } from './send-canaries.ts'

export interface DialectSending {
  /** Sends by POST, by GET without a body. The sender's address, user agent, cookie and page are added. */
  readonly send: (path: string, body: string | object | Buffer | undefined, headers?: Headers) => Promise<void>
  readonly value: (name: keyof Canaries) => string
  readonly writeKey: string
  /** RFC 3339. */
  readonly time: string
}
export type Headers = Record<string, string>

/** What is declared of none of them; the member of the dialect's trait has a name that is a canary too. */
export function everything(value: DialectSending['value'], trait: string): Record<string, unknown> {
  return {
    [value('undeclared field name')]: trait,
    ...{ email: value('email'), path: value('path'), token: value('token'), phone: value('phone') },
    ...{ ip: value('context address'), user: { name: value('name') }, password: [value('wrong token'), trait] },
  }
}

export const base64 = (of: object) => Buffer.from(JSON.stringify(of)).toString('base64url')
export const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` })
/** The key is in the body. */
export const keyInBody = { authorization: '' }
