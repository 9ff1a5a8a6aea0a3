/** Members of objects that a sender wrote: own ones only, so that nothing is ever found on a prototype. */

export type Members = Record<string, unknown>

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function member(of: Members, name: string): unknown {
  return Object.hasOwn(of, name) ? of[name] : undefined
}

/** Empty when it is absent or no object. */
export function membersOf(of: Members, name: string): Members {
  const value = member(of, name)
  return isMembers(value) ? value : {}
}

/** Undefined when absent or empty; some libraries send numbers. */
export function identifierOf(of: Members, name: string): unknown {
  const value = member(of, name)
  if (value === undefined || value === null || value === '') return undefined
  return typeof value === 'number' ? String(value) : value
}
