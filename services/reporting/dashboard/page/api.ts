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
  const init: RequestInit = {
    method: options.method ?? 'GET',
    headers: headersOf(options.body !== undefined),
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
  }
  const response = await fetchPatiently(path, init)
  if (response.status === 204) return undefined as T
  if (!response.ok) throw await problemOf(response, path !== '/api/v1/session')
  return response.json()
}

export function headersOf(hasBody: boolean): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (viewKey !== undefined) headers['headcount-view'] = viewKey
  if (hasBody) headers['content-type'] = 'application/json'
  return headers
}

/** @param isOver whether 401 says that the session is over */
export async function problemOf(response: Response, isOver = true): Promise<ApiError> {
  const { title, detail } = await response.json().catch(() => ({}))
  if (response.status === 401 && isOver) dispatchEvent(new Event(signedOut))
  return new ApiError(response.status, title ?? `Status ${response.status}`, detail ?? 'Try again.')
}

const triesMax = 6

/** Where the server says when to ask again (it answers so many questions at once), that is done. @throws ApiError */
export async function fetchPatiently(path: string, init: RequestInit): Promise<Response> {
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
