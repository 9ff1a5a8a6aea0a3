/** For tests of the sender: a server that takes events in the collector's words, or answers as it is told to. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly events: Record<string, unknown>[]
}

/** Answers by itself and returns true, or leaves it to the server to take the events. */
export type Answering = (received: Received, response: ServerResponse, number: number) => boolean

export interface RecordingCollector extends AsyncDisposable {
  readonly url: string
  readonly requests: Received[]
  /** Ids of events in requests that were taken. */
  readonly taken: string[]
}

export async function recordingCollector(answering: Answering = () => false): Promise<RecordingCollector> {
  const requests: Received[] = []
  const taken: string[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const lines = gunzipSync(Buffer.concat(pieces)).toString().trimEnd().split('\n')
      const received = { headers: request.headers, events: lines.map((line) => JSON.parse(line)) }
      requests.push(received)
      if (answering(received, response, requests.length)) return
      taken.push(...received.events.map(({ id }) => id as string))
      response.end(JSON.stringify({ accepted: lines.length, rejected: [] }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    taken,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Nobody listens there. */
export const nowhere = 'http://127.0.0.1:9'
