/** The same inputs against a running collector: parser, framework, decompression and all. */
import { request } from 'node:http'
import type { RunningCollector } from '../services/collector/running-collector.ts'
import type { Input } from './input.ts'

const answerMsMax = 20_000

/** @throws Error when it answers 5xx or nothing */
export function sendInput({ url: base }: RunningCollector, { method, url, headers, body }: Input): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = request(
      base + url,
      { method, headers: { ...headers, 'content-length': body.length } },
      (answer) => {
        const status = answer.statusCode ?? 0
        answer.resume()
        answer.on('end', () => (status < 500 ? resolve() : reject(new Error(`it answers ${status} over HTTP`))))
      },
    )
    sending.setTimeout(answerMsMax, () => sending.destroy(new Error(`no answer over HTTP in ${answerMsMax} ms`)))
    sending.on('error', reject)
    sending.end(body)
  })
}
