/** What both doors of the collector, the plain one and the one with TLS, have in common beside their routes. */
import type { Socket } from 'node:net'
import type { Config } from '../../shared/config.ts'
import { answerParserError } from '../../shared/http/problem-answer.ts'
import type { Metrics } from '../../shared/metrics.ts'

/** Longer than the 60 s of most load balancers, so that the side which reuses a connection is the one that closes it. */
const keepAliveMs = 65_000

/** Options of Node's servers. */
export function serverLimits({ requestTimeoutMs }: Pick<Config, 'requestTimeoutMs'>) {
  return {
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
  }
}

/** Counts an answer of the collector. */
export type CountAnswer = (status: number) => void

/** By the first digit, made once: finding a counter by its labels takes longer than counting. */
export function answerCounter(metrics: Metrics): CountAnswer {
  const counters = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx'].map((status) =>
    metrics.requests.labels('collector', status),
  )
  return (status) => counters[Math.floor(status / 100)]?.inc()
}

/** What is done with bytes that are no HTTP. */
export function onParserError(count: CountAnswer): (error: Error & { code?: string }, socket: Socket) => void {
  return (error, socket) => {
    const status = answerParserError(error, socket)
    if (status !== undefined) count(status)
  }
}
