/** Asks the server; a problem (RFC 9457) becomes an error that says what to do. */
export class ApiError extends Error {
  readonly status: number
  readonly detail: string

  constructor(status: number, title: string, detail: string) {
    super(title)
    this.status = status
    this.detail = detail
  }
}

export interface UsageAnswer {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number | null)[])[]
  readonly suppressed: number
  /** Windows in which something was left out: start, how many cells. */
  readonly suppressed_in: readonly (readonly [string, number])[]
  readonly fresh_to: string | null
}

/** Of a shared view; stands behind `#`, so that it is in no log. */
let viewKey: string | undefined

export function setViewKey(key: string): void {
  viewKey = key
}

/** Dispatched when the server knows the session no more. */
export const signedOut = 'headcount-signed-out'

export async function ask<T>(path: string, options: { method?: string; body?: unknown } = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (viewKey !== undefined) headers['headcount-view'] = viewKey
  if (options.body !== undefined) headers['content-type'] = 'application/json'
  const init: RequestInit = {
    method: options.method ?? 'GET',
    headers,
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
  }
  const response = await fetchPatiently(path, init)
  if (response.status === 204) return undefined as T
  const answer = await response.json().catch(() => ({}))
  if (response.status === 401 && path !== '/api/v1/session') dispatchEvent(new Event(signedOut))
  if (!response.ok)
    throw new ApiError(response.status, answer.title ?? `Status ${response.status}`, answer.detail ?? 'Try again.')
  return answer as T
}

const triesMax = 6

/** Where the server says when to ask again (it answers so many questions at once), that is done. @throws ApiError */
async function fetchPatiently(path: string, init: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    let response: Response
    try {
      response = await fetch(path, init)
    } catch {
      throw new ApiError(0, 'Reporting does not answer', 'Is it running, and this device online? It is tried again.')
    }
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    if (response.status !== 503 || !(seconds <= 5) || attempt === triesMax) return response
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000 * (0.5 + Math.random())))
  }
}

const keptMs = 20_000
const keptMax = 300
const kept = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>()

/** As `ask`, but the same question within 20 s, as several panels have it, is asked once. */
export function askOnce<T>(path: string): Promise<T> {
  const known = kept.get(path)
  if (known && Date.now() - known.at < keptMs) return known.answer as Promise<T>
  const answer = ask<T>(path)
  kept.delete(path)
  kept.set(path, { at: Date.now(), answer })
  answer.catch(() => kept.delete(path))
  if (kept.size > keptMax) kept.delete(kept.keys().next().value as string)
  return answer
}

export function forget(): void {
  kept.clear()
}
