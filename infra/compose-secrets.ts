/**
 * `npm run services:secrets`: writes `.env` for docker-compose.yml, once, from `.env.example` with a random secret in place
 * of each empty one. A `.env` that is there is never changed: its passwords are those that the stores' volumes know.
 */
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Values that are drawn; another empty value of the example stays empty. */
const drawn: Readonly<Record<string, () => string>> = {
  HEADCOUNT_WRITE_KEY: secret,
  HEADCOUNT_ADMIN_TOKEN: secret,
  HEADCOUNT_ANALYST_TOKEN: secret,
  HEADCOUNT_CHOICE_KEY: secret,
  REDIS_PASSWORD: secret,
  CLICKHOUSE_PASSWORD: secret,
  CLICKHOUSE_READER_PASSWORD: secret,
  CLICKHOUSE_GRAFANA_PASSWORD: secret,
  GRAFANA_ADMIN_PASSWORD: secret,
  KAFKA_CLUSTER_ID: clusterId,
}

const line = /^([A-Z][A-Z0-9_]*)=(.*)$/

/** The names and values of an env file; what is no `NAME=value` is passed over. */
export function readVariables(text: string): Map<string, string> {
  return new Map(
    text.split('\n').flatMap((one) => {
      const [, name, value] = line.exec(one) ?? []
      return name === undefined ? [] : [[name, value ?? '']]
    }),
  )
}

/** The example with every secret drawn. */
export function fillExample(example: string): string {
  return example
    .split('\n')
    .map((one) => {
      const [, name = '', value] = line.exec(one) ?? []
      return value === '' && drawn[name] ? `${name}=${drawn[name]()}` : one
    })
    .join('\n')
}

/** The variables of the example that `present` lacks, or that must not be empty and are. */
export function missingVariables(example: string, present: string): string[] {
  const has = readVariables(present)
  return [...readVariables(example).keys()].filter((name) => (drawn[name] ? !has.get(name) : !has.has(name)))
}

/**
 * Writes `<folder>/.env` (mode 0600) unless it is there.
 * @returns what to tell the operator, and the exit code: 1 when a `.env` that is there lacks something
 */
export async function writeEnvironment(folder: URL): Promise<{ message: string; exitCode: 0 | 1 }> {
  const example = await readFile(new URL('.env.example', folder), 'utf8')
  const file = new URL('.env', folder)
  try {
    await writeFile(file, fillExample(example), { mode: 0o600, flag: 'wx' })
    return {
      message: `${fileURLToPath(file)} written, readable by you alone. Keep it: it has every password.`,
      exitCode: 0,
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const missing = missingVariables(example, await readFile(file, 'utf8'))
  const there = `${fileURLToPath(file)} is there and was not changed.`
  if (missing.length === 0) return { message: there, exitCode: 0 }
  const mend = 'Add them by hand; .env.example says what they are (`openssl rand -hex 24` makes a secret).'
  return { message: `${there} It lacks ${missing.join(', ')}. ${mend}`, exitCode: 1 }
}

/** Hexadecimal, so that it means nothing special in a URL, a shell or a settings file. */
function secret(): string {
  return randomBytes(24).toString('hex')
}

/** 16 bytes in base64url, as Kafka's own tool makes them: none begins with a hyphen. */
function clusterId(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? clusterId() : id
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { message, exitCode } = await writeEnvironment(new URL('../', import.meta.url))
  process.stdout.write(`${message}\n`)
  process.exitCode = exitCode
}
