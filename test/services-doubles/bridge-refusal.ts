/** Errors in ClickHouse's form: code, name, and the HTTP status that a server answers with. */

export class BridgeRefusal extends Error {
  override readonly name = 'BridgeRefusal'
  readonly code: number
  readonly status: number
  constructor(code: number, label: string, reason: string) {
    super(`Code: ${code}. DB::Exception: ${reason}. (${label})`)
    this.code = code
    this.status = statusOf(code)
  }
}

/** An error of the engine as an answer; its text has ClickHouse's form already. */
export function refusalOf(error: unknown): { code: number; status: number; text: string } {
  if (error instanceof BridgeRefusal) return { code: error.code, status: error.status, text: error.message }
  const text = error instanceof Error ? error.message : String(error)
  const code = Number(/Code: (\d+)/.exec(text)?.[1] ?? 1002)
  return { code, status: statusOf(code), text }
}

/** As `exceptionCodeToHTTPStatus` of ClickHouse's server maps them, for the codes that come up here. */
const statuses: Record<number, number> = {
  62: 400,
  26: 400,
  27: 400,
  36: 400,
  41: 400,
  53: 400,
  72: 400,
  117: 400,
  456: 400,
  16: 404,
  47: 404,
  60: 404,
  81: 404,
  46: 404,
  115: 404,
  48: 501,
  159: 408,
  194: 401,
  497: 403,
  516: 403,
}

function statusOf(code: number): number {
  return statuses[code] ?? 500
}
