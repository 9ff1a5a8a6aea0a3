/**
 * What PostHog's libraries ask for when they start, or when their program asks for a feature flag: which flags there are,
 * and what they shall do. There are none, and they shall do nothing but send events. Of whom it is asked about, nothing
 * is read.
 */
import type { KeyCheck } from '../../../shared/http/authorization.ts'
import { type Dialect, type DialectRoute, jsonAnswer, pathOf, problemAnswer, type Reading } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { areSenderKeys, bearerOrInBody, wrongSenderKey } from './foreign-body.ts'
import { ForeignEvents, ForeignReading } from './foreign-events.ts'
import { isMembers } from './members.ts'
import { keyIn, readPosthogDocument } from './posthog-body.ts'

const routes: readonly DialectRoute[] = [
  ...['/flags', '/flags/', '/decide', '/decide/'].map((path) => ({ method: 'POST', path }) as const),
  { method: 'GET', path: '/array/:key/config' },
]
const noFlags = jsonAnswer(
  JSON.stringify({ flags: {}, featureFlags: {}, featureFlagPayloads: {}, errorsWhileComputingFlags: false }),
)
const sendEventsOnly = jsonAnswer(
  JSON.stringify({
    supportedCompression: ['gzip', 'gzip-js'],
    hasFeatureFlags: false,
    sessionRecording: false,
    heatmaps: false,
    surveys: false,
    capturePerformance: false,
    autocaptureExceptions: false,
    autocapture_opt_out: true,
    captureDeadClicks: false,
    defaultIdentifiedOnly: true,
    siteApps: [],
    toolbarParams: {},
    isAuthenticated: false,
  }),
)

export function posthogQuestions(options: DialectOptions): Dialect {
  const { isSenderKey, limits } = options
  const none = new ForeignEvents(options)
  return {
    name: 'posthog',
    routes,
    limits,
    declined: ({ method }) => (method === 'GET' ? sendEventsOnly : noFlags),
    authorize({ method, url, headers }) {
      if (method === 'GET') return grantedByPath(url, isSenderKey)
      return bearerOrInBody(headers, isSenderKey, 'as `token` in the body')
    },
    read(request): Reading {
      const reading = new ForeignReading(none, request)
      if (request.method === 'GET') return reading.done(sendEventsOnly)
      const document = readPosthogDocument(request.body)
      const keys = isMembers(document) ? [keyIn(document)] : []
      if (!request.authorized && !areSenderKeys(keys, isSenderKey)) throw wrongSenderKey('as `token` in the body')
      return reading.done(noFlags)
    },
    refused: (problem) => problemAnswer(problem),
  }
}

/** `/array/<key>/config`, the key escaped or not. */
function grantedByPath(url: string, isSenderKey: KeyCheck): 'granted' {
  const key = pathOf(url).split('/')[2] ?? ''
  if (isSenderKey(key) || isSenderKey(unescaped(key))) return 'granted'
  throw wrongSenderKey('in the path, as /array/<key>/config')
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
