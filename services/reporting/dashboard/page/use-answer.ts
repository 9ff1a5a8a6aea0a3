/** Answers of the server as a panel's state: the old one stays while the next is on its way. */
import { useLayoutEffect, useState } from 'preact/hooks'
import type { ApiError } from './api.ts'
import { askOnce } from './ask-once.ts'

export interface Answer<T> {
  readonly value: T | undefined
  readonly error: ApiError | undefined
  readonly isLoading: boolean
}

/** @param path undefined: nothing is asked  @param turn another number asks again */
export function useAnswer<T>(path: string | undefined, turn = 0): Answer<T> {
  const [state, setState] = useState<Answer<T>>({
    value: undefined,
    error: undefined,
    isLoading: path !== undefined,
  })
  // Asked before the panel is painted, not after: both take a while, and do so at the same time.
  useLayoutEffect(() => {
    if (path === undefined) return
    let isCurrent = true
    setState((old) => ({ ...old, isLoading: true }))
    askOnce<T>(path).then(
      (value) => isCurrent && setState({ value, error: undefined, isLoading: false }),
      (error: ApiError) => isCurrent && setState((old) => ({ ...old, error, isLoading: false })),
    )
    return () => {
      isCurrent = false
    }
  }, [path, turn])
  return state
}
