/** Sends request bodies to a server, over so many connections, each as soon as the one before it is answered. */
import { type Agent, request } from 'node:http'

export interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** @throws Error when one is not answered with 200 */
export async function sendAll(
  target: Target,
  agent: Agent,
  bodies: readonly (string | Uint8Array)[],
  connections: number,
): Promise<void> {
  let next = 0
  const sendOne = async () => {
    while (next < bodies.length) await send(target, agent, bodies[next++] ?? '')
  }
  await Promise.all(Array.from({ length: connections }, sendOne))
}

function send({ url, headers }: Target, agent: Agent, body: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (answer) => {
        answer.resume()
        answer.on('end', () =>
          answer.statusCode === 200 ? resolve() : reject(new Error(`${url} answered ${answer.statusCode}`)),
        )
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}
