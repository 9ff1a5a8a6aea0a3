/** What an audit asks is what there is: a route that it did not know would be in nobody's table. */
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { collectorRoutes, type Route, reportingRoutes } from '../../services/audit/routes.ts'
import { type WatchedRoute, watchRoutes } from '../privacy/scan-routes.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

const watched = watchRoutes()
let installation: WholeInstallation
before(async () => {
  installation = await WholeInstallation.start()
})
after(() => installation.remove())

/** `GET /a/:id`; HEAD is answered as GET is. */
const nameOf = (method: string, path: string) => `${method} ${path.replace(/\?.*/, '')}`
const registered = (url: string) =>
  new Set(
    watched
      .filter(({ app, method }: WatchedRoute) => method !== 'HEAD' && portOf({ app }) === new URL(url).port)
      .map(({ method, url: path }) => nameOf(method, path === '/' ? path : path.replace(/\/$/, ''))),
  )
const portOf = ({ app }: Pick<WatchedRoute, 'app'>) => String((app.server.address() as AddressInfo).port)

/** A `*` at the end of a path that is asked stands for all below. */
function covered(asked: readonly Route[], name: string): boolean {
  return asked.some(({ method, path }) => {
    const known = nameOf(method, path)
    return known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : known === name
  })
}

test('every route of collector and reporting is asked by an audit, and it asks for none that is not there', () => {
  const { collectorUrl, reportingUrl } = installation.headcount
  for (const [url, asked] of [
    [collectorUrl, collectorRoutes],
    [reportingUrl, reportingRoutes],
  ] as const) {
    const there = registered(url)
    assert.ok(there.size > 20, `${there.size} routes`)
    assert.deepEqual([...there].filter((name) => !covered(asked, name)).sort(), [], 'not asked')
    const unknown = asked.filter(({ method, path }) => !path.endsWith('*') && !there.has(nameOf(method, path)))
    assert.deepEqual(
      unknown.map(({ method, path }) => nameOf(method, path)),
      [],
      'not there',
    )
  }
})
