/** Reads a request's body: raw, whatever its content type says, within bounds as sent and decompressed. */
import type { IncomingMessage } from 'node:http'
import { createBrotliDecompress, createGunzip } from 'node:zlib'
import { ProblemError, problem } from '../../shared/http/problem.ts'
import type { Hold } from './pending-bytes.ts'

export interface BodyLimits {
  /** As sent. */
  bodyBytesMax: number
  /** Decompressed. */
  inflatedBytesMax: number
}

type Coding = 'identity' | 'gzip' | 'br'

/**
 * The whole body, decompressed. Every byte held is on `hold`'s account.
 * @throws ProblemError 413 too large, 415 unknown coding, 400 cut off or not decompressible, 503 overloaded
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits, hold: Hold): Promise<Buffer> {
  const coding = contentCoding(request.headers['content-encoding'])
  if (Number(request.headers['content-length']) > limits.bodyBytesMax) throw tooLarge(limits.bodyBytesMax, 'as sent')
  const body = await readRaw(request, limits.bodyBytesMax, hold)
  // Some senders gzip without saying so; no JSON text starts with gzip's magic number.
  const gzipped = coding === 'gzip' || (coding === 'identity' && body[0] === 0x1f && body[1] === 0x8b)
  if (gzipped) return inflate(body, createGunzip(), limits.inflatedBytesMax, hold)
  if (coding === 'br') return inflate(body, createBrotliDecompress(), limits.inflatedBytesMax, hold)
  if (body.length > limits.inflatedBytesMax) throw tooLarge(limits.inflatedBytesMax, 'as sent')
  return body
}

function contentCoding(header: string | undefined): Coding {
  switch (header?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return 'identity'
    case 'gzip':
    case 'x-gzip':
      return 'gzip'
    case 'br':
      return 'br'
    default:
      throw new ProblemError(
        problem(
          415,
          'content-encoding',
          'The content encoding is not known',
          'Send the body with Content-Encoding gzip or br, or without any.',
        ),
        { 'accept-encoding': 'gzip, br' },
      )
  }
}

/**
 * With listeners, not an iterator: leaving one early destroys the socket before the answer is out. What is left unread
 * of a refused body Node discards, for as long as a request may take to arrive. The listeners stay for the request's
 * life; after the first outcome they do nothing.
 */
function readRaw(request: IncomingMessage, bytesMax: number, hold: Hold): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let total = 0
    let isRefused = false
    request.on('data', (chunk: Buffer) => {
      if (isRefused) return
      try {
        total += chunk.length
        if (total > bytesMax) throw tooLarge(bytesMax, 'as sent')
        hold.add(chunk.length)
        chunks.push(chunk)
      } catch (error) {
        isRefused = true
        chunks.length = 0
        reject(error)
      }
    })
    request.on('end', () => {
      if (!isRefused) resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, total))
    })
    request.on('error', () => reject(cutOff()))
    // Comes after every request; it decides only when neither end nor error came.
    request.on('close', () => {
      if (!request.complete) reject(cutOff())
    })
  })
}

/** Streaming, so that a bomb is stopped at the bound and not after it. */
function inflate(
  body: Buffer,
  stream: ReturnType<typeof createGunzip> | ReturnType<typeof createBrotliDecompress>,
  bytesMax: number,
  hold: Hold,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let total = 0
    const fail = (error: unknown): void => {
      stream.destroy()
      reject(error)
    }
    stream.on('data', (chunk: Buffer) => {
      try {
        total += chunk.length
        if (total > bytesMax) throw tooLarge(bytesMax, 'decompressed')
        hold.add(chunk.length)
        chunks.push(chunk)
      } catch (error) {
        fail(error)
      }
    })
    stream.on('end', () => resolve(Buffer.concat(chunks, total)))
    stream.on('error', () => fail(notCompressed()))
    stream.end(body)
  })
}

function tooLarge(bytesMax: number, which: 'as sent' | 'decompressed'): ProblemError {
  return new ProblemError(
    problem(
      413,
      'body-too-large',
      'The body is too large',
      `A body may have at most ${bytesMax} bytes ${which}. Send the events in smaller requests.`,
    ),
  )
}

function cutOff(): ProblemError {
  return new ProblemError(
    problem(400, 'body-cut-off', 'The body ended early', 'The connection ended before the whole body. Send it again.'),
  )
}

function notCompressed(): ProblemError {
  return new ProblemError(
    problem(
      400,
      'body-not-decompressible',
      'The body cannot be decompressed',
      'The body is damaged, or is not in the coding that Content-Encoding names. Compress it again.',
    ),
  )
}
