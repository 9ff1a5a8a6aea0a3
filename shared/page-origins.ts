/** From which pages browsers may send events: of any origin, or of those that the operator lists. */

export type PageOrigins = '*' | ReadonlySet<string>

const originsMax = 100

/**
 * @param text `*`, `none`, or origins as browsers write them (`https://ui.example.org`), with commas between them
 * @returns undefined when an entry is no origin
 */
export function parsePageOrigins(text: string): PageOrigins | undefined {
  if (text === '*') return text
  if (text === 'none') return new Set()
  const origins = text.split(',').map((one) => one.trim())
  return origins.length <= originsMax && origins.every(isOrigin) ? new Set(origins) : undefined
}

/** Browsers compare origins as text, so one with a path, a slash at the end or capital letters would never match. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text
}
