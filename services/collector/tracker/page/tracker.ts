/**
 * What a page loads as /tracker.js. It sends which feature or page was used and nothing of who used it: no identifier is made,
 * read or kept in the browser. At most 1 KB gzipped, so it is short before all else.
 *
 *   <script defer src="https://counts.example/tracker.js" data-key="<write key>"></script>
 *   headcount('services', { version: '2.1' })
 */
type Fields = Record<string, unknown>
type Call = [feature: string, fields?: Fields]
interface Headcount {
  (...call: Call): void
  /** Calls made before this script was there. */
  q?: ArrayLike<Call>
}
declare global {
  interface Window {
    headcount?: Headcount
  }
}

const waitingMax = 50
/** Of more, browsers keep nothing alive for a page that goes. */
const keptAliveMax = 60_000
const retryMsMin = 1000
const retryMsMax = 60_000
const script = (document.currentScript ?? document.querySelector('script[data-key]')) as HTMLScriptElement
const { key, cookie } = script.dataset
const url = new URL('/v1/beacon', script.src).href
const beforeUs = window.headcount?.q
/** What is not answered yet, each with the time when it happened. */
let waiting: [Fields, number][] = []
let retryMs = retryMsMin
let timer: number | undefined
let shownPath: string | undefined

/** Whoever does not want to be counted; asked anew each time, as one may choose while the page is open. */
function refuses(): boolean {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & {
    globalPrivacyControl?: boolean
    doNotTrack?: string
  }
  if (globalPrivacyControl || doNotTrack === '1') return true
  try {
    return /headcount_choice=opt-out/.test(`${document.cookie};headcount_choice=${localStorage.headcount_choice}`)
  } catch {
    // A page without storage has no choice in it.
    return false
  }
}

function use(event: Fields): void {
  if (refuses()) return
  // Not randomUUID: pages without TLS do not have it.
  waiting.push([{ ...event, id: crypto.getRandomValues(new Uint32Array(4)).join('-') }, Date.now()])
  waiting = waiting.slice(-waitingMax)
  // Not by a timer: a page that goes has no next turn. While refused we wait, as long as the page is there.
  if (timer === undefined) queueMicrotask(send)
}

function send(): void {
  clearTimeout(timer)
  timer = undefined
  if (refuses()) waiting = []
  if (!waiting[0] || !navigator.onLine) return
  const sent = waiting
  waiting = []
  const now = Date.now()
  const events = sent.map(([event, at]) => ({ ...event, ago: now - at }))
  const body = JSON.stringify({ key, cookie: cookie !== undefined, events })
  // Again means with the same ids: what was taken after all counts once.
  const settle = (again: boolean): void => {
    retryMs = again ? Math.min(retryMs * 2, retryMsMax) : retryMsMin
    if (!again) return
    waiting = sent.concat(waiting).slice(-waitingMax)
    timer ??= setTimeout(send, retryMs)
  }
  // Cookies go along for the sake of an opt-out made on the collector's own page.
  if ('keepalive' in Request.prototype)
    fetch(url, { method: 'POST', body, keepalive: body.length < keptAliveMax, credentials: 'include' }).then(
      ({ status }) => settle(status === 429 || status > 499),
      () => settle(true),
    )
  else settle(!navigator.sendBeacon(url, body))
}

/** A page counts when it is looked at, and once for each path that it shows. */
function view(): void {
  const { pathname } = location
  if (document.visibilityState === 'hidden' || pathname === shownPath) return
  shownPath = pathname
  use({ path: pathname })
}

window.headcount = (feature, fields) => use({ ...fields, feature })
for (const [feature, fields] of Array.from(beforeUs ?? [])) window.headcount(feature, fields)

const { pushState } = history
history.pushState = function (...given) {
  pushState.apply(this, given)
  view()
}
addEventListener('popstate', view)
addEventListener('online', send)
addEventListener('pagehide', send)
addEventListener('pageshow', ({ persisted }) => {
  // Back from the cache of pages: without it the page would have been loaded and counted.
  if (persisted) shownPath = undefined
  view()
})
document.addEventListener('visibilitychange', () => {
  view()
  send()
})
view()

export {}
