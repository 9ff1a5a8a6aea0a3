/** The doctor on a running installation: over HTTP, as everyone reaches it. */
import type { Config } from '../../shared/config.ts'
import type { LockHolder } from '../../shared/data-directory.ts'
import { hourMs, minuteMs } from '../../shared/window.ts'
import type { EpochKeyInfo } from '../operator/desk.ts'
import { RemoteDesk } from '../operator/remote-desk.ts'
import { type Finding, fail, info, messageOf, ok, warn } from './doctor-findings.ts'
import { readStoredCredentials } from './stored-credentials.ts'

const answerMsMax = 5_000
/** Stored batches show within seconds; a minute means that the worker is behind. */
const lagMsWarn = minuteMs
const lagMsMax = 10 * minuteMs
/** Ends are looked for every second; an hour is no coincidence, and for the last moment a minute is none. */
const closingMsWarn = hourMs
const deadlineMsMax = minuteMs
const behind = 'the worker is behind or stuck: the log of `npm start` says why'

/** Everything that can be asked of the installation that holds the data folder. */
export async function checkRunning(config: Config, holder: LockHolder): Promise<Finding[]> {
  const { collectorUrl, reportingUrl, pid } = holder
  if (!collectorUrl || !reportingUrl)
    return [
      warn(`process ${pid} has the data folder`, 'it is starting, or a command at work: look again once it is done'),
    ]
  const findings = [info(`an installation runs: process ${pid}, since ${holder.startedAt.slice(0, 19)}Z`)]
  const collector = await checkHealth('collector', collectorUrl)
  const reporting = await checkHealth('reporting', reportingUrl)
  findings.push(...collector, ...reporting)
  const { adminToken, analystToken } = await readStoredCredentials(config)
  if (adminToken === '' || analystToken === '') {
    const mend = 'set HEADCOUNT_ADMIN_TOKEN and HEADCOUNT_ANALYST_TOKEN as for `npm start`, and run as the same user'
    return [...findings, warn('freshness, quarantine and keys were not looked at', mend)]
  }
  if (isLive(reporting)) findings.push(await guarded('freshness', () => checkFreshness(holder, analystToken)))
  if (!isLive(collector)) return findings
  const desk = new RemoteDesk(collectorUrl, adminToken)
  findings.push(await guarded('quarantine', () => checkQuarantine(desk)))
  findings.push(await guarded('epoch keys', async () => checkKeys(await desk.keys(), Date.now())))
  return findings
}

/** @param now ms since the Unix epoch */
export function checkKeys(keys: readonly EpochKeyInfo[], now: number): Finding {
  const past = (limit: number, of: (key: EpochKeyInfo) => string) =>
    keys.filter((key) => now > Date.parse(of(key)) + limit).map(({ epoch }) => epoch)
  const overdue = past(deadlineMsMax, ({ deadline }) => deadline)
  const waiting = past(closingMsWarn, ({ closesAt }) => closesAt)
  if (overdue.length > 0)
    return fail(
      `epoch keys past the moment they must be destroyed: ${overdue.join(', ')}`,
      'restart `npm start`; if they stay, its log says what keeps them',
    )
  if (waiting.length > 0) return warn(`epochs that should have closed: ${waiting.join(', ')}`, behind)
  return ok(`${keys.length} living epoch keys, none past its time`)
}

async function checkHealth(name: string, url: string): Promise<Finding[]> {
  try {
    const live = await ask(`${url}/health/live`)
    if (live.status !== 200)
      return [fail(`${name} at ${url} answers ${live.status}`, 'is that port another program’s? restart `npm start`')]
    const ready = await ask(`${url}/health/ready`)
    if (ready.status === 200) return [ok(`${name} at ${url} is live and ready`)]
    return [ok(`${name} at ${url} is live`), warn(`${name} is not ready`, (await checksOf(ready)) || behind)]
  } catch (error) {
    const cause = (error as Error).cause
    return [
      fail(`${name} at ${url} cannot be reached (${messageOf(cause ?? error)})`, 'restart `npm start`, or see its log'),
    ]
  }
}

/** Which of its checks is not ok, in the server's own words. */
async function checksOf(answer: Response): Promise<string> {
  const { checks } = (await answer.json().catch(() => ({}))) as { checks?: Record<string, string> }
  const wrong = Object.entries(checks ?? {}).filter(([, said]) => said !== 'ok')
  return wrong.map(([check, said]) => `${check}: ${said}`).join('; ')
}

function isLive(findings: readonly Finding[]): boolean {
  return findings.every(({ level }) => level !== 'FAIL')
}

async function checkFreshness({ collectorUrl, reportingUrl }: LockHolder, token: string): Promise<Finding> {
  const { datasets } = (await (await ask(`${collectorUrl}/v1/catalogue`)).json()) as { datasets: { id: string }[] }
  const query = new URLSearchParams({ dataset: datasets[0]?.id ?? '', metrics: 'events', limit: '1' })
  const answer = await ask(`${reportingUrl}/api/v1/usage?${query}`, token)
  if (answer.status === 401)
    return warn(
      'freshness was not looked at',
      'set HEADCOUNT_ANALYST_TOKEN as for `npm start`: the one here is refused',
    )
  if (!answer.ok) return fail(`the usage API answers ${answer.status}`, 'the log of `npm start` says why')
  const { fresh_to } = (await answer.json()) as { fresh_to?: string | null }
  if (!fresh_to) return fail('no worker has ever said how far the tables are complete', behind)
  const lagMs = Math.max(0, Date.now() - Date.parse(fresh_to))
  const what = `tables are complete up to ${Math.round(lagMs / 1000)} s ago`
  if (lagMs > lagMsMax) return fail(what, behind)
  return lagMs > lagMsWarn ? warn(what, behind) : ok(what)
}

async function checkQuarantine(desk: RemoteDesk): Promise<Finding> {
  const groups = await desk.quarantine()
  if (groups.length === 0) return ok('quarantine is empty')
  const byReason = new Map<string, number>()
  for (const { reason, events } of groups) byReason.set(reason, (byReason.get(reason) ?? 0) + events)
  const total = groups.reduce((sum, { events }) => sum + events, 0)
  const reasons = [...byReason].map(([reason, events]) => `${reason} ${events}`).join(', ')
  const mend = `they were not counted; commonest shape: ${groups[0]?.shape || 'unknown'}. Report it: no sender should be able to cause this`
  return warn(`${total} in quarantine in the last 30 days (${reasons})`, mend)
}

/** A check that throws is a finding too, and the others still run. */
async function guarded(name: string, check: () => Promise<Finding>): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => resolve(fail(name, `no answer in ${answerMsMax / 1000} s; ${behind}`)), answerMsMax)
  })
  try {
    return await Promise.race([check(), late])
  } catch (error) {
    return fail(name, messageOf(error))
  } finally {
    clearTimeout(timer)
  }
}

function ask(url: string, token?: string): Promise<Response> {
  return fetch(url, {
    headers: token ? { authorization: `Bearer ${token}` } : {},
    signal: AbortSignal.timeout(answerMsMax),
  })
}
