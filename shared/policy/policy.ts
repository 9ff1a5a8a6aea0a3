/**
 * The policy that this installation carries out: a text file that begins with what it is, between two lines of `---`
 * (`title`, `version`, `since`, `notice`). The minimum that senders must have agreed to is a setting, as it may be raised
 * later than the policy came.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { ConfigError } from '../config.ts'
import { comparePolicyVersions, isPolicyVersion } from './policy-version.ts'

const defaultFile = fileURLToPath(new URL('policy.txt', import.meta.url))
const noticeLengthMax = 2000
const titleLengthMax = 200

export interface Policy {
  readonly title: string
  readonly version: string
  /** `YYYY-MM-DD`: from when on it holds. */
  readonly since: string
  /** What has changed, for people; may be empty. */
  readonly notice: string
  /** The oldest version that an event may name; `0`: any. */
  readonly minimum: string
  /** The whole file, as it is served. */
  readonly source: string
  /** The policy's words: headings with `#`, paragraphs with an empty line between. */
  readonly text: string
  /** Of `source`; lower-case hex. */
  readonly sha256: string
}

/**
 * @param file empty: the policy of DC/OS
 * @throws ConfigError that names the file, what is wrong with it and what would be right
 */
export function readPolicy({
  policy: file,
  policyMinimum: minimum,
}: {
  policy: string
  policyMinimum: string
}): Policy {
  const from = file === '' ? defaultFile : file
  const source = readSource(from)
  const [, head, text = ''] = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(source) ?? []
  if (head === undefined) throw wrong(from, 'it must begin with `---`, lines such as `version: "2"`, and `---`')
  const { title, version, since, notice } = readHead(from, head)
  if (comparePolicyVersions(minimum, version) > 0)
    throw new ConfigError(
      `HEADCOUNT_POLICY_MINIMUM is "${minimum}", newer than the policy itself (${from}: version ${version}); lower it, or bring the newer policy`,
    )
  if (text.trim() === '') throw wrong(from, 'the text after the second `---` is missing')
  const sha256 = createHash('sha256').update(source, 'utf8').digest('hex')
  return { title, version, since, notice, minimum, source, text: text.trim(), sha256 }
}

function readSource(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw wrong(file, `it cannot be read (${(error as Error).message}); set HEADCOUNT_POLICY to a text file`)
  }
}

function readHead(file: string, head: string): Pick<Policy, 'title' | 'version' | 'since' | 'notice'> {
  let members: Record<string, unknown>
  try {
    members = Object(parse(head))
  } catch (error) {
    throw wrong(file, `the lines before the text are not YAML (${(error as Error).message.split('\n', 1)[0]})`)
  }
  const textOf = (name: string) => String(members[name] ?? '').trim()
  const [title, version, since, notice] = ['title', 'version', 'since', 'notice'].map(textOf) as [
    string,
    string,
    string,
    string,
  ]
  if (title === '' || title.length > titleLengthMax)
    throw wrong(file, `\`title\` must be 1 to ${titleLengthMax} characters`)
  if (!isPolicyVersion(version)) throw wrong(file, '`version` must be like "2", "2.1" or "2026-11-25", in quotes')
  if (!/^\d{4}-\d\d-\d\d$/.test(since) || Number.isNaN(Date.parse(since)))
    throw wrong(file, '`since` must be the day from which it holds, like 2026-11-25')
  if (notice.length > noticeLengthMax) throw wrong(file, `\`notice\` may have ${noticeLengthMax} characters`)
  return { title, version, since, notice }
}

function wrong(file: string, what: string): ConfigError {
  return new ConfigError(`the policy ${file}: ${what}`)
}
