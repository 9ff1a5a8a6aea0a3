/** Warnings and callbacks of a host: what it does in them is its own, and must not come back into the sender. */

/** Each message once. By `console.warn` unless given: unlike a stream, it does not break when nobody listens any more. */
export function warnOnce(given: ((message: string) => void) | undefined): (message: string) => void {
  const said = new Set<string>()
  return (message) => {
    if (said.has(message)) return
    said.add(message)
    guarded(given ?? ((text) => console.warn(`headcount-sender: ${text}`)), message)
  }
}

/** Calls back; neither an exception nor a rejected promise comes out of it. */
export function guarded<Args extends unknown[]>(call: ((...args: Args) => unknown) | undefined, ...args: Args): void {
  if (!call) return
  try {
    const result = call(...args)
    if (result instanceof Promise) result.catch(() => undefined)
  } catch {
    // Its own matter.
  }
}
