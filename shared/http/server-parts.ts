/** What every server of ours does the same: unknown routes are answered with a problem, closing waits, but not for ever. */
import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { FastifyInstance } from 'fastify'
import { problem } from './problem.ts'
import { sendProblem } from './problem-answer.ts'

/** Longest wait for running requests at shutdown. */
const drainMs = 10_000

/**
 * 405 with `Allow` where another method would have worked, else 404. Fastify by itself knows 404 only.
 * @param whereToLook what a 404 says to do
 */
export function answerUnknownRoutes(app: FastifyInstance, whereToLook: string): void {
  const notFound = problem(404, 'not-found', 'There is nothing at this path', whereToLook)
  const methods = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set()
    for (const one of [method].flat()) known.add(one)
    methods.set(url, known)
  })
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods.get(request.url.split('?', 1)[0] ?? '')
    if (!allowed) return sendProblem(reply, notFound)
    sendProblem(reply, wrongMethod, { allow: [...allowed].join(', ') })
  })
}

/**
 * Stops accepting and waits for running requests, at most 10 s, then cuts them off.
 * @param beside another server that answers with the app's routes
 */
export async function closeServer(app: FastifyInstance, beside?: TlsServer): Promise<void> {
  const servers: (Server | TlsServer)[] = beside ? [app.server, beside] : [app.server]
  // A connection whose last request was running when the server closed stays open for the keep-alive time; close it as
  // soon as it is idle.
  const idle = setInterval(() => {
    for (const server of servers) server.closeIdleConnections()
  }, 20)
  const late = setTimeout(() => {
    for (const server of servers) server.closeAllConnections()
  }, drainMs)
  try {
    await Promise.all([app.close(), beside && stopped(beside)])
  } finally {
    clearInterval(idle)
    clearTimeout(late)
  }
}

/** One that does not listen has stopped. */
function stopped(server: TlsServer): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

const wrongMethod = problem(
  405,
  'method-not-allowed',
  'This path has other methods',
  'Use one of the methods in the header Allow.',
)
