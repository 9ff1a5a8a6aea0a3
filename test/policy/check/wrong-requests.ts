/** Requests to both servers that are refused, each with a text in a place where a request can have one. */
import type { Headcount } from '../../../services/headcount.ts'
import { type Answer, readAnswer } from '../../privacy/answers.ts'

/** Every text in every place; the answers. */
export async function wrongRequests(headcount: Headcount, texts: readonly string[]): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const text of texts) answers.push(...(await Promise.all(requestsWith(headcount, text).map(readAnswer))))
  return answers
}

function requestsWith({ collectorUrl, reportingUrl, credentials }: Headcount, text: string): Promise<Response>[] {
  const encoded = encodeURIComponent(text)
  const usage = `${reportingUrl}/api/v1/usage?`
  const admin = { authorization: `Bearer ${credentials.adminToken}` }
  const sender = { authorization: `Bearer ${credentials.writeKey}` }
  const get = (url: string, headers: Record<string, string> = admin) => fetch(url, { headers })
  const post = (url: string, body: unknown, headers: Record<string, string>) =>
    fetch(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers })
  const json = { ...admin, 'content-type': 'application/json' }
  const wish = { name: 'x', datasets: ['labels'], purpose: 'x', until: '2027-01-01' }
  return [
    get(`${usage}dataset=${encoded}`),
    get(`${usage}dataset=labels&${encoded}=1`),
    get(`${usage}dataset=labels&by=${encoded}`),
    get(`${usage}dataset=labels&metrics=${encoded}`),
    get(`${usage}dataset=labels&grain=${encoded}&from=${encoded}`),
    get(`${usage}dataset=labels&where=${encoded}:x`),
    get(`${usage}dataset=labels&limit=${encoded}&format=${encoded}`),
    get(`${reportingUrl}/${encoded}`),
    get(`${reportingUrl}/partner/v1/datasets/${encoded}/releases`, { authorization: `Bearer ${encoded}` }),
    get(`${reportingUrl}/privacy/disclosures?after=${encoded}&${encoded}=1`),
    post(`${reportingUrl}/api/v1/partners`, { ...wish, datasets: [text] }, json),
    post(`${reportingUrl}/api/v1/partners`, { ...wish, until: text }, json),
    post(`${reportingUrl}/api/v1/releases`, { day: text }, json),
    fetch(`${reportingUrl}/api/v1/partners/${encoded}`, { method: 'DELETE', headers: admin }),
    get(`${collectorUrl}/${encoded}?${encoded}`),
    post(`${collectorUrl}/v1/events`, `{"events":[{"id":${JSON.stringify(text)}`, sender),
    post(
      `${collectorUrl}/v1/events`,
      { events: [{ id: text, time: text, feature: text, [text]: text }, text] },
      sender,
    ),
    post(`${collectorUrl}/v1/events`, { events: [{ id: text, feature: { [text]: text } }] }, sender),
    post(`${collectorUrl}/v1/events`, { [text]: text }, sender),
    post(`${collectorUrl}/v1/events`, {}, { authorization: `Bearer ${encoded}` }),
    post(`${collectorUrl}/v1/batch`, { batch: text, writeKey: text }, sender),
    post(`${collectorUrl}/v1/track`, { type: text, event: { [text]: text }, userId: [text] }, sender),
    post(`${collectorUrl}/v1/privacy/choice`, { choice: text, device: { [text]: text } }, json),
    post(`${collectorUrl}/v1/privacy/deletion`, { case: text, device: [text], [text]: text }, json),
    post(`${collectorUrl}/v1/operator/holds`, { case: text, covers: [text] }, json),
  ]
}
