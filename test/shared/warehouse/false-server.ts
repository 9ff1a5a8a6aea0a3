/** An HTTP server that answers what a test says, and counts what it was asked. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FalseServer {
  url: string
  /** SQL statements whose requests arrived whole. */
  statements: string[]
  close(): void
}

/** @param answer called once a request has been read whole */
export async function startFalseServer(
  answer: (request: IncomingMessage, response: ServerResponse, sql: string) => void,
): Promise<FalseServer> {
  const statements: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const inUrl = new URL(request.url ?? '/', 'http://false').searchParams.get('query')
      const sql = inUrl ?? Buffer.concat(chunks).toString()
      statements.push(sql)
      answer(request, response, sql)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, statements, close }
}
