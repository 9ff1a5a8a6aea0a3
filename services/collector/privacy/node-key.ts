/**
 * The key of a node: what shows that somebody speaks for a device. The operator gives it out (`headcount node-key`); it is
 * computed anew each time and kept nowhere. HMAC-SHA256 of the device's identifier under a key that is derived from the
 * choice key for this purpose alone (HKDF, RFC 5869).
 */
import { createHmac, hkdfSync } from 'node:crypto'
import { choiceKeyFrom } from '../../../shared/choices/subject.ts'

/** 43 characters that are safe in a header. */
export type NodeKeyOf = (device: string) => string

/** @param secrets the setting `choiceKey` and, where it is empty, the admin token: as the choices themselves have it */
export function createNodeKey(secrets: { readonly choiceKey: string; readonly adminToken: string }): NodeKeyOf {
  const key = Buffer.from(
    hkdfSync('sha256', choiceKeyFrom(secrets.choiceKey || secrets.adminToken), '', 'headcount/node-keys', 32),
  )
  return (device) => createHmac('sha256', key).update(device).digest('base64url')
}
