/** The three secrets that people and senders show. Made at first start, so that a new installation is never open. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from './config.ts'
import { makeDirectory, writeAtomically } from './durable-file.ts'

export interface Credentials {
  /** Senders show it to the collector. */
  readonly writeKey: string
  /** May do everything in reporting. */
  readonly adminToken: string
  /** May read aggregates. */
  readonly analystToken: string
}

const names = ['writeKey', 'adminToken', 'analystToken'] as const

/** `credentials.json` cannot be used; the message says what to do. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
}

/**
 * The configured secrets, and those of `<dataDir>/credentials.json` (mode 0600) for the others. What neither has is
 * made (32 random bytes, base64url) and written there; configured ones are never written.
 * @throws CredentialsError
 */
export async function loadCredentials(
  config: Pick<Config, 'dataDir' | 'writeKey' | 'adminToken' | 'analystToken'>,
): Promise<Credentials> {
  const file = path.join(config.dataDir, 'credentials.json')
  const stored = await readStored(file)
  const missing = names.filter((name) => config[name] === '' && stored[name] === undefined)
  for (const name of missing) stored[name] = makeSecret()
  if (missing.length > 0) {
    await makeDirectory(config.dataDir)
    await writeAtomically(file, `${JSON.stringify(stored, null, 2)}\n`)
  }
  const use = (name: (typeof names)[number]) => config[name] || (stored[name] as string)
  return { writeKey: use('writeKey'), adminToken: use('adminToken'), analystToken: use('analystToken') }
}

/** One that starts with - would be taken for an option on a command line, so it is drawn again. */
function makeSecret(): string {
  const secret = randomBytes(32).toString('base64url')
  return secret.startsWith('-') ? makeSecret() : secret
}

/** Whether both are the same, in a time that tells nothing about where they differ. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected))
}

async function readStored(file: string): Promise<Partial<Record<(typeof names)[number], string>>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}'
    throw error
  })
  const mend = `mend it, or remove it to have new secrets made`
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // The parser's message quotes the text, which is secret.
    throw new CredentialsError(`${file} is not JSON; ${mend}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new CredentialsError(`${file} must hold an object; ${mend}`)
  for (const name of names) {
    const value = (parsed as Record<string, unknown>)[name]
    if (value !== undefined && (typeof value !== 'string' || value.length < 16))
      throw new CredentialsError(`${file}: ${name} must be a text of at least 16 characters; ${mend}`)
  }
  return parsed
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
