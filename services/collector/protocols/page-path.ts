/** The path of a page, of which nothing but the feature that it belongs to is kept. */

const urlLengthMax = 2048

/**
 * @param path as the sender has it; used unless it is empty or no text
 * @param url the page's address, used without a path
 */
export function pathOfPage(path: unknown, url: unknown): string | undefined {
  if (typeof path === 'string' && path !== '') return path
  if (typeof url !== 'string' || url.length > urlLengthMax) return undefined
  // Libraries on servers send what the request line had: a path.
  if (url.startsWith('/')) return url
  return URL.canParse(url) ? new URL(url).pathname : undefined
}
