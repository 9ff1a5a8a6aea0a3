/**
 * Every route of every server that is started after `watchRoutes`, as Fastify itself has it, and what each answers to
 * somebody without a key. A list that was written by hand would miss the one that was forgotten.
 */
import diagnostics from 'node:diagnostics_channel'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'

export interface WatchedRoute {
  readonly method: string
  /** With `:name` and `*`. */
  readonly url: string
  readonly app: FastifyInstance
}

/** @param plant called with each server before it has any route of its own */
export function watchRoutes(plant: (app: FastifyInstance) => void = () => undefined): WatchedRoute[] {
  const routes: WatchedRoute[] = []
  diagnostics.subscribe('fastify.initialization', (message) => {
    const { fastify: app } = message as { fastify: FastifyInstance }
    app.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) routes.push({ method: one, url, app })
    })
    plant(app)
  })
  return routes
}

let asked = 0

/** The status of a request with a body that could be meant, from an address that nobody has used yet. */
export async function statusOf(
  { method, url, app }: WatchedRoute,
  headers: Record<string, string>,
  body: object,
): Promise<number> {
  const { port } = app.server.address() as AddressInfo
  const address = `http://127.0.0.1:${port}${url.replaceAll(/:\w+|\*/g, 'x')}`
  asked++
  const response = await fetch(address, {
    method,
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': `10.7.${asked >> 8}.${asked & 255}`,
      ...headers,
    },
    ...(method !== 'GET' && method !== 'HEAD' && { body: JSON.stringify(body) }),
  })
  await response.arrayBuffer()
  return response.status
}
