/** Pages on an origin of their own, as of somebody who uses an installation; and files for them. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Site {
  /** Another port of the collector's host: another origin, the same site. */
  readonly sameSite: string
  /** Another site. */
  readonly crossSite: string
  /** @param body HTML of the page, or a script if the path ends in .js */
  page(path: string, body: string): void
  close(): Promise<void>
}

export async function startSite(): Promise<Site> {
  const pages = new Map<string, string>()
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/\?.*/, '')
    const body = pages.get(path)
    if (body === undefined) return response.writeHead(404).end()
    const isScript = path.endsWith('.js')
    response.writeHead(200, { 'content-type': `text/${isScript ? 'javascript' : 'html'}; charset=utf-8` })
    response.end(isScript ? body : `<!doctype html><title>A page</title><link rel="icon" href="data:,">${body}`)
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  return {
    sameSite: `http://127.0.0.1:${port}`,
    crossSite: `http://localhost:${port}`,
    page: (path, body) => void pages.set(path, body),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
