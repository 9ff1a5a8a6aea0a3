/** Everything that the two servers say to who asks. */
import type { Headcount } from '../../services/headcount.ts'
import { grains as allGrains, type Grain, windowEnd, windowStart } from '../../shared/window.ts'

export interface Answer {
  readonly where: string
  readonly status: number
  /** Headers and body. */
  readonly text: string
}

const askedAtOnce = 8

/** Where the servers of an installation are, whether one process has them or several. */
export type AskedServers = Pick<Headcount, 'collectorUrl' | 'reportingUrl' | 'catalogue' | 'credentials'>

export async function readAnswer(asked: Promise<Response>): Promise<Answer> {
  const response = await asked
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
  const { pathname } = new URL(response.url)
  return {
    where: `answer ${response.status} of ${pathname}`,
    status: response.status,
    text: `${headers}\n\n${await response.text()}`,
  }
}

/**
 * Every page, and usage for every dataset, grain and declared set of dimensions as JSON, and days as CSV.
 * @param sentAt a moment in the windows that are asked for, ms since the Unix epoch
 */
export async function askEverything(
  headcount: AskedServers,
  sentAt: number,
  asked: readonly Grain[] = allGrains,
): Promise<Answer[]> {
  const { collectorUrl, reportingUrl } = headcount
  const common = ['/health/live', '/health/ready', '/metrics']
  const operator = ['keys', 'quarantine', 'progress', 'retention', 'holds'].map((path) => `/v1/operator/${path}`)
  const collector = ['/v1/catalogue', '/v1/undeclared', ...operator]
  const reporting = ['/', '/api/v1/datasets', '/openapi.json', '/docs', '/docs/json', '/docs/yaml']
  const urls = [
    ...[...common, ...collector].map((path) => collectorUrl + path),
    ...[...common, ...reporting, ...usagePaths(headcount, sentAt, asked)].map((path) => reportingUrl + path),
  ]
  const authorization = `Bearer ${headcount.credentials.adminToken}`
  const answers: Answer[] = []
  const askNext = async (): Promise<void> => {
    for (let url = urls.pop(); url !== undefined; url = urls.pop()) {
      const answer = await readAnswer(fetch(url, { headers: { authorization } }))
      answers.push({ ...answer, where: `${answer.where} (${url})` })
    }
  }
  await Promise.all(Array.from({ length: askedAtOnce }, askNext))
  return answers
}

function usagePaths({ catalogue }: AskedServers, sentAt: number, asked: readonly Grain[]): string[] {
  const paths: string[] = []
  for (const { id, grains, bySets, dimensions, measures } of catalogue.datasets) {
    for (const grain of grains.filter((one) => asked.includes(one))) {
      const from = windowStart(grain, sentAt)
      const range = `from=${new Date(from).toISOString()}&to=${new Date(windowEnd(grain, from)).toISOString()}`
      const metrics = ['events', 'devices', ...measures].join(',')
      const path = `/api/v1/usage?dataset=${id}&grain=${grain}&${range}&metrics=${metrics}`
      paths.push(...bySets.map((by) => `${path}&by=${by}`))
      // The same rows in another form: once is enough.
      if (grain === 'day') paths.push(`${path}&by=${dimensions}&format=csv`)
    }
  }
  return paths
}
