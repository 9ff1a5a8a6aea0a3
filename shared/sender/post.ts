/** One request to the collector: over one kept connection that does not keep the host's process alive. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { constants, gzip } from 'node:zlib'

export interface PostRequest {
  readonly method: 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Before it is compressed. */
  readonly body: string
}

export interface PostAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly text: string
}

/** @throws Error when no whole answer came; `signal` gives up */
export type Post = (request: PostRequest, signal: AbortSignal) => Promise<PostAnswer>

export interface Connection {
  readonly post: Post
  close(): void
}

/** The collector names each event that it rejects. */
const answerBytesMax = 1024 * 1024

/** A sender that says nothing of its user agent is one of ours. */
export const ownUserAgent = `headcount-sender/0.1 node/${process.versions.node}`

export function requestOf(url: string, writeKey: string, userAgent: string, body: string): PostRequest {
  return {
    method: 'POST',
    url,
    headers: {
      authorization: `Bearer ${writeKey}`,
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
      'user-agent': userAgent,
    },
    body,
  }
}

export function openConnection(url: URL, answerMsMax: number): Connection {
  const isTls = url.protocol === 'https:'
  const options = { keepAlive: true, maxSockets: 1 }
  const agent = isTls ? new HttpsAgent(options) : new HttpAgent(options)
  const send = isTls ? httpsRequest : httpRequest
  return {
    async post({ method, headers, body }, signal) {
      const compressed = await compress(body)
      return await new Promise((resolve, reject) => {
        const given = { method, agent, signal, headers: { ...headers, 'content-length': String(compressed.length) } }
        const posting = send(url, given, (answer) => {
          readAnswer(answer, resolve, reject)
        })
        // Of the whole exchange: a server that trickles bytes would keep an idle timer from ever going off.
        const late = setTimeout(() => posting.destroy(new Error('no answer in time')), answerMsMax)
        late.unref()
        posting.on('socket', (socket) => socket.unref())
        posting.on('error', reject)
        posting.on('close', () => {
          clearTimeout(late)
          reject(new Error('the connection was closed before an answer'))
        })
        posting.end(compressed)
      })
    },
    close: () => agent.destroy(),
  }
}

function readAnswer(answer: IncomingMessage, resolve: (answer: PostAnswer) => void, reject: (why: Error) => void) {
  const pieces: Buffer[] = []
  let size = 0
  answer.on('data', (piece: Buffer) => {
    size += piece.length
    if (size > answerBytesMax) answer.destroy(new Error('an answer longer than the collector gives'))
    else pieces.push(piece)
  })
  answer.on('error', reject)
  answer.on('end', () => {
    const { statusCode = 0, headers } = answer
    resolve({ status: statusCode, retryAfter: headers['retry-after'], text: Buffer.concat(pieces).toString() })
  })
}

/** In a thread of Node's pool. Events are alike: the fastest level is within a few percent of the best. */
function compress(body: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(body, { level: constants.Z_BEST_SPEED }, (error, compressed) => (error ? reject(error) : resolve(compressed)))
  })
}
