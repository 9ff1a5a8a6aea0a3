/**
 * The key of a node: what shows that somebody speaks for a device. The operator gives it out (`headcount node-key`); it is
 * computed anew each time and kept nowhere.
 */
import { createHmac } from 'node:crypto'
import { type ChoiceSecrets, derivedKey } from './derived-key.ts'

/** 43 characters that are safe in a header: HMAC-SHA256 of the device's identifier. */
export type NodeKeyOf = (device: string) => string

export function createNodeKey(secrets: ChoiceSecrets): NodeKeyOf {
  const key = derivedKey(secrets, 'headcount/node-keys')
  return (device) => createHmac('sha256', key).update(device).digest('base64url')
}
