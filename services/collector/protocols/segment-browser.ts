/**
 * Segment's library for browsers (analytics-next, what DC/OS' UI has as `window.analytics`): the tracking API under paths of one
 * letter, as plain text, one call each or in batches at `/v1/b`.
 */
import { type Dialect, pathOf, posts } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { segmentDialect } from './segment.ts'

const names: Readonly<Record<string, string>> = {
  b: 'batch',
  t: 'track',
  p: 'page',
  s: 'screen',
  i: 'identify',
  g: 'group',
  a: 'alias',
}

export function segmentBrowserDialect(options: DialectOptions): Dialect {
  const segment = segmentDialect(options)
  return {
    ...segment,
    name: 'segment-browser',
    routes: posts(...Object.keys(names).map((letter) => `/v1/${letter}`)),
    read: (request) => segment.read({ ...request, url: `/v1/${names[letterOf(request.url)]}` }),
  }
}

function letterOf(url: string): string {
  const path = pathOf(url)
  return path.slice(path.lastIndexOf('/') + 1)
}
