/** What an installation says over HTTP, to whoever may ask. */
import type { Credentials } from '../../../shared/credentials.ts'
import type { Doors, Scene } from '../scene.ts'
import type { Answer } from './send-canaries.ts'

const answerMsMax = 15_000
const openPages = [
  '/',
  '/privacy',
  '/privacy.json',
  '/privacy/policy',
  '/privacy/disclosures',
  '/privacy/ledger',
  '/openapi.json',
]

export async function get(url: string, token?: string): Promise<Answer> {
  const answer = await fetch(url, {
    headers: token ? { authorization: `Bearer ${token}` } : {},
    signal: AbortSignal.timeout(answerMsMax),
    redirect: 'manual',
  })
  const text = `${JSON.stringify([...answer.headers])}\n${await answer.text()}`
  return { what: `GET ${url}`, status: answer.status, text }
}

export function metricsOf({ collectors, workers, reporting }: Doors, { adminToken }: Credentials): Promise<Answer[]> {
  return Promise.all([...collectors, ...workers, ...reporting].map((url) => get(`${url}/metrics`, adminToken)))
}

/** Public pages, what operators are told, and the usage of every dataset by minute, as fine as it goes. */
export async function askableAnswers({ doors, credentials, catalogue }: Scene): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const url of doors.collectors)
    for (const path of ['/privacy', '/v1/catalogue', '/v1/policy']) answers.push(await get(url + path))
  for (const url of doors.collectors.slice(0, 1))
    for (const path of ['quarantine', 'keys', 'retention'])
      answers.push(await get(`${url}/v1/operator/${path}`, credentials.adminToken))
  for (const url of doors.reporting) {
    for (const path of openPages) answers.push(await get(url + path))
    for (const { id, dimensions } of catalogue.datasets) {
      const query = new URLSearchParams({ dataset: id, grain: 'minute', by: dimensions.join(',') })
      answers.push(await get(`${url}/api/v1/usage?${query}`, credentials.analystToken || credentials.adminToken))
    }
  }
  return answers
}
