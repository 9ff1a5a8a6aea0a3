/**
 * Every route that the servers have, and who may use it: what an audit compares the running servers with. A test compares
 * this list with the routes that the servers really register.
 *
 * `everyone`: public by intention. `write`, `analyst`, `admin`: the tokens; analysts' routes take the admin token too.
 * `proof`: what the identifier in the body is proved with; without any it is refused. `partner`: partners' keys, which an
 * audit has none of. `link`: who has the address.
 */
export type MayUse = 'everyone' | 'write' | 'analyst' | 'admin' | 'proof' | 'partner' | 'link'

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Parameters as `:name`; `*` at the end: all below; a query where nothing is answered without. */
  readonly path: string
  readonly who: MayUse
}

const events = [
  'events',
  'batch',
  'track',
  'page',
  'screen',
  'identify',
  'group',
  'alias',
  'cloudevents',
  'logs',
  'beacon',
  ...'tipgasb',
]
/** Of other products, whose clients send to us. The same with a slash at the end is the same route. */
const foreignEvents = [
  'batch',
  'capture',
  'e',
  'i/v0/e',
  'i/v1/analytics/events',
  'flags',
  'decide',
  'api/event',
  'com.snowplowanalytics.snowplow/tp2',
]
const operator = {
  GET: ['progress', 'keys', 'quarantine', 'retention', 'partners', 'ledger/verify', 'holds'],
  POST: [
    'import',
    'release',
    'partners',
    'partners/revoke',
    'close',
    'holds',
    'holds/release',
    'subjects/access',
    'subjects/choose',
    'subjects/forget',
    'sign-in',
  ],
}
const tables = '/partner/v1/delta/shares/:share/schemas/:schema/tables/:table'
const releases = '/partner/v1/datasets/:dataset/releases'

/** Of every server. */
const health: readonly Route[] = [
  ...open('/health/live', '/health/ready'),
  { method: 'GET', path: '/metrics', who: 'admin' },
]
const privacyPages = open('/privacy', '/privacy.json', '/privacy/policy')

const privacyDoor: readonly Route[] = [
  { method: 'POST', path: '/v1/privacy/choice', who: 'proof' },
  { method: 'POST', path: '/v1/privacy/deletion', who: 'proof' },
  { method: 'POST', path: '/v1/privacy/access', who: 'proof' },
  { method: 'GET', path: '/v1/privacy/access?device=nobody', who: 'proof' },
]

export const collectorRoutes: readonly Route[] = [
  ...health,
  { method: 'GET', path: '/v1/undeclared', who: 'admin' },
  ...privacyPages,
  ...open('/v1/catalogue', '/v1/policy', '/privacy/disclosures', '/tracker.js'),
  ...events.map((name) => ({ method: 'POST', path: `/v1/${name}`, who: 'write' }) as const),
  ...foreignEvents.map((path) => ({ method: 'POST', path: `/${path}`, who: 'write' }) as const),
  { method: 'GET', path: '/array/:key/config', who: 'link' },
  { method: 'GET', path: '/i', who: 'write' },
  { method: 'GET', path: '/v1/projects/:key/settings', who: 'link' },
  { method: 'GET', path: '/v1/pixel.gif?key=audit-nothing', who: 'link' },
  ...privacyDoor,
  ...operator.GET.map((name) => ({ method: 'GET', path: `/v1/operator/${name}`, who: 'admin' }) as const),
  ...operator.POST.map((name) => ({ method: 'POST', path: `/v1/operator/${name}`, who: 'admin' }) as const),
]

export const workerRoutes: readonly Route[] = health

export const reportingRoutes: readonly Route[] = [
  ...health,
  ...privacyPages,
  ...open(
    '/',
    '/about',
    '/dashboard*',
    '/api/v1/session',
    '/openapi.json',
    '/docs*',
    '/partner/guide',
    '/privacy/disclosures',
    '/privacy/ledger',
  ),
  { method: 'POST', path: '/api/v1/session', who: 'proof' },
  // It ends the session of the cookie that comes with it; an audit has none.
  { method: 'DELETE', path: '/api/v1/session', who: 'everyone' },
  ...['datasets', 'usage', 'dashboard', 'quality', 'annotations', 'shares'].map(
    (name) => ({ method: 'GET', path: `/api/v1/${name}`, who: 'analyst' }) as const,
  ),
  { method: 'POST', path: '/api/v1/annotations', who: 'analyst' },
  { method: 'POST', path: '/api/v1/usage/batch', who: 'analyst' },
  { method: 'DELETE', path: '/api/v1/annotations/:id', who: 'analyst' },
  { method: 'POST', path: '/api/v1/shares', who: 'analyst' },
  { method: 'DELETE', path: '/api/v1/shares/:id', who: 'analyst' },
  { method: 'POST', path: '/api/v1/session', who: 'proof' },
  { method: 'DELETE', path: '/api/v1/session', who: 'everyone' },
  ...['dashboard', 'quality', 'annotations', 'shares', 'demo', 'partner-access'].map((name) => ofAnalyst('GET', name)),
  { method: 'POST', path: '/api/v1/demo', who: 'admin' },
  ...['annotations', 'shares'].map((name) => ofAnalyst('POST', name)),
  ...['annotations/:id', 'shares/:id'].map((name) => ofAnalyst('DELETE', name)),
  { method: 'GET', path: '/api/v1/partners', who: 'admin' },
  { method: 'POST', path: '/api/v1/partners', who: 'admin' },
  { method: 'DELETE', path: '/api/v1/partners/:id', who: 'admin' },
  { method: 'GET', path: '/api/v1/releases', who: 'analyst' },
  { method: 'GET', path: '/api/v1/releases/:day/:dataset/preview', who: 'analyst' },
  { method: 'POST', path: '/api/v1/releases', who: 'admin' },
  ...['datasets', 'ledger/head', 'delta/shares', 'delta/shares/:share', 'delta/shares/:share/schemas'].map(ofPartner),
  ...['delta/shares/:share/all-tables', 'delta/shares/:share/schemas/:schema/tables'].map(ofPartner),
  ...['', '/:day', '/:day/datapackage.json', '/:day/:file'].map((end) => ofPartner(releases.slice(12) + end)),
  { method: 'POST', path: `${releases}/:day/links?format=csv`, who: 'partner' },
  ...['/version', '/metadata'].map((end) => ofPartner(tables.slice(12) + end)),
  { method: 'POST', path: `${tables}/query`, who: 'partner' },
  { method: 'GET', path: '/partner/v1/files/:token', who: 'link' },
  // Where the collector is in the same process.
  ...privacyDoor,
]

function open(...paths: readonly string[]): Route[] {
  return paths.map((path) => ({ method: 'GET', path, who: 'everyone' }))
}

function ofAnalyst(method: Route['method'], name: string): Route {
  return { method, path: `/api/v1/${name}`, who: 'analyst' }
}

function ofPartner(path: string): Route {
  return { method: 'GET', path: `/partner/v1/${path}`, who: 'partner' }
}
