/** `headcount undeclared`: what senders use that the catalogue does not declare, from the running collectors. */
import type { Config } from '../../shared/config.ts'
import { readLock } from '../../shared/data-directory.ts'
import type { UndeclaredReport } from '../collector/undeclared.ts'
import { ForeseenError } from '../start-failure.ts'
import { columns } from './columns.ts'
import { readStoredCredentials } from './stored-credentials.ts'

const answerMsMax = 10_000
const rowsMax = 50

export interface UndeclaredOptions {
  collector: string[]
  name: string[]
  json: boolean
}

export async function showUndeclared(config: Config, options: UndeclaredOptions): Promise<void> {
  const { adminToken } = await readStoredCredentials(config)
  if (adminToken === '')
    throw new ForeseenError('There is no admin token: set HEADCOUNT_ADMIN_TOKEN, or run as the user who started it.')
  const urls = options.collector.length > 0 ? options.collector : [await collectorOf(config)]
  const reports = await Promise.all(urls.map((url) => ask(url, adminToken, options.name)))
  process.stdout.write(
    options.json
      ? `${JSON.stringify(reports.map((report, index) => ({ collector: urls[index], ...report })))}\n`
      : `${reports.map((report, index) => describeReport(urls[index] ?? '', report, options.name)).join('\n\n')}\n`,
  )
}

async function collectorOf(config: Config): Promise<string> {
  const holder = await readLock(config.dataDir).catch(() => undefined)
  return holder?.collectorUrl ?? `http://${config.host}:${config.collectorPort}`
}

async function ask(url: string, adminToken: string, names: readonly string[]): Promise<UndeclaredReport> {
  const query = new URLSearchParams(names.map((name): [string, string] => ['name', name]))
  let answer: Response
  try {
    answer = await fetch(`${url.replace(/\/$/, '')}/v1/undeclared?${query}`, {
      headers: { authorization: `Bearer ${adminToken}` },
      signal: AbortSignal.timeout(answerMsMax),
    })
  } catch {
    throw new ForeseenError(
      `No collector answers at ${url}: start one (\`npm start\`), or give its address with --collector.`,
    )
  }
  if (answer.status === 200) return (await answer.json()) as UndeclaredReport
  const mend =
    answer.status === 401
      ? 'its admin token is another one: set HEADCOUNT_ADMIN_TOKEN to it'
      : 'is a Headcount collector of this version there?'
  throw new ForeseenError(`The collector at ${url} answers ${answer.status}; ${mend}.`)
}

/** As people read it. @param names those asked for */
export function describeReport(url: string, report: UndeclaredReport, names: readonly string[]): string {
  const { since, shapes, complete, named } = report
  const lines = [`${url}, since ${since.slice(0, 16).replace('T', ' ')} UTC (it forgets when it stops):`]
  if (shapes.length === 0) lines.push('Everything that came is declared.')
  else {
    const rows = shapes
      .slice(0, rowsMax)
      .map(({ protocol, kind, shape, events, names, fields }) => [
        protocol,
        kind,
        shape,
        String(events),
        `${names}${complete ? '' : ' or more'}`,
        fields.join(', '),
      ])
    lines.push(columns([['protocol', 'what', 'shape', 'events', 'different', 'declared fields'], ...rows]))
    if (shapes.length > rowsMax) lines.push(`… and ${shapes.length - rowsMax} more; --json has them all.`)
    lines.push(
      'Letters are shown as a or A, digits as 9, as no sender’s text is kept. `--name <name>` tells how often a name came that',
      'you have in mind; a feature’s `events` or `paths` in the catalogue declares it.',
    )
  }
  for (const [index, name] of names.entries()) lines.push(`${name}: ${named[index] ?? 0} times`)
  return lines.join('\n')
}
