/** What a library on a server passes on of the browser that it sends for. */

const userAgentLengthMax = 1024

/** Undefined: none that could be one, so it sends for itself. */
export function passedOnUserAgent(given: unknown): string | undefined {
  return typeof given === 'string' && given !== '' && given.length <= userAgentLengthMax ? given : undefined
}
