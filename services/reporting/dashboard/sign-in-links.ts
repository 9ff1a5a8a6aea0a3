/**
 * Links that sign in once. The link's secret stands behind `#`, so that it is in no request line, log or `Referer`; the
 * page shows it to the server in a body. Kept is its hash.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import { signInLinkMs } from '../../../shared/retention/limits.ts'
import type { Role } from './sessions.ts'

const prefix = 'sign-in/'
const secretMax = 100
const used = Buffer.from('used')

/** @returns the secret of a new link */
export async function makeSignIn(keyValue: KeyValue, role: Role): Promise<string> {
  const secret = randomBytes(24).toString('base64url')
  await keyValue.put(keyOf(secret), Buffer.from(role), { ttlMs: signInLinkMs })
  return secret
}

/** @param reportingUrl without a slash at the end */
export function signInLink(reportingUrl: string, secret: string): string {
  return `${reportingUrl}/#sign-in=${secret}`
}

/** The role that the link gives; undefined when it was used, is too old or never was. Of several at once one gets it. */
export async function useSignInLink(keyValue: KeyValue, secret: string): Promise<Role | undefined> {
  if (secret.length > secretMax) return undefined
  const key = keyOf(secret)
  const role = await keyValue.get(key)
  if (role === undefined || role.equals(used)) return undefined
  if (!(await keyValue.compareAndSet(key, role, used))) return undefined
  await keyValue.delete(key)
  return role.toString() === 'admin' ? 'admin' : 'analyst'
}

function keyOf(secret: string): string {
  return prefix + createHash('sha256').update(secret).digest('base64url')
}
