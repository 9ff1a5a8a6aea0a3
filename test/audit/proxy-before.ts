/** A proxy before a server of ours, as an installation may have one: it passes everything on, but for what a test has it do. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answered {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface ProxyActs {
  /** Headers to set before the request is passed on. */
  readonly headers?: (asked: Asked) => Record<string, string>
  /** An answer instead of the server's. */
  readonly answer?: (asked: Asked) => Answered | undefined
  /** Changes the server's answer. */
  readonly change?: (asked: Asked, answered: Answered) => Answered
}

export interface RunningProxy {
  readonly url: string
  close(): Promise<void>
}

/** Headers that belong to one connection. */
const ofConnection = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding'])

export async function proxyBefore(target: string, acts: ProxyActs): Promise<RunningProxy> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = 'GET', url = '/', headers } = request
      const asked = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') }
      pass(target, asked, acts).then(
        ({ status, contentType, body }) => response.writeHead(status, { 'content-type': contentType }).end(body),
        (error: Error) => response.writeHead(502).end(error.message),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function pass(target: string, asked: Asked, { headers, answer, change }: ProxyActs): Promise<Answered> {
  const own = answer?.(asked)
  if (own) return own
  const given = Object.entries(asked.headers).filter(([name]) => !ofConnection.has(name)) as [string, string][]
  const answered = await fetch(target + asked.url, {
    method: asked.method,
    headers: { ...Object.fromEntries(given), ...headers?.(asked) },
    ...(asked.method !== 'GET' && { body: asked.body }),
    redirect: 'manual',
  })
  const contentType = answered.headers.get('content-type') ?? 'text/plain'
  const plain = { status: answered.status, contentType, body: await answered.text() }
  return change?.(asked, plain) ?? plain
}

/** Device ids in a body of events. */
export function devicesIn(body: string): string[] {
  return [...body.matchAll(/"device":"([^"]+)"/g)].map(([, device = '']) => device)
}
