/** What an outage must show, as a list of what it did not. */
import type { OutageResult, Scenario } from './outage.ts'

const mebibyte = 2 ** 20
/** Of two workers, over a wait of any length: room for the garbage collector, none for a queue. */
const growthMax = 48 * mebibyte

export function failuresOf(scenario: Scenario, result: OutageResult): string[] {
  const failures: string[] = []
  const check = (holds: boolean, what: string) => {
    if (!holds) failures.push(what)
  }
  for (const what of ['lost', 'doubled', 'wrongCells', 'strangeCells'] as const)
    check(result[what] === 0, `${what}: ${result[what]}`)
  check(result.acknowledgedAway > 0, 'nothing was accepted while the server was away')
  check(result.workers.last - result.workers.first < growthMax, 'the workers grow while they wait')
  if (scenario === 'clickhouse')
    check(result.retriesAway === 0, `${result.retriesAway} requests were not accepted at once`)
  if (scenario === 'spool-full') {
    const { status, retryAfter, contentType } = result.refusal ?? {}
    check(status === 503, `a full spool answered ${status}`)
    check(Number(retryAfter) > 0, `Retry-After was ${retryAfter}`)
    check(contentType?.startsWith('application/problem+json') === true, `the problem came as ${contentType}`)
  } else check(result.refusal === undefined, 'refused')
  return failures
}

export function outageText(scenario: Scenario, result: OutageResult): string {
  const { workers, refusal } = result
  const mib = (bytes: number) => `${Math.round(bytes / mebibyte)} MiB`
  return [
    scenario,
    `  batches, events acknowledged    ${result.batches}, ${result.events}`,
    `  batches accepted meanwhile      ${result.acknowledgedAway}, after ${result.retriesAway} retries`,
    `  both workers' memory meanwhile  ${mib(workers.first)} first, ${mib(workers.last)} last, ${mib(workers.max)} at most`,
    ...(refusal
      ? [
          `  the full spool answered         ${refusal.status}, Retry-After: ${refusal.retryAfter}, ${JSON.stringify(refusal.detail)}`,
        ]
      : []),
    `  events lost, doubled            ${result.lost}, ${result.doubled}`,
  ].join('\n')
}
