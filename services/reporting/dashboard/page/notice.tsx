/** What went wrong and what to do, told at once to whoever listens. */
import type { ApiError } from './api.ts'

export function Notice({ error }: { error: ApiError | undefined }) {
  return (
    error && (
      <div class="notice" role="alert">
        <strong>{error.message}.</strong> {error.detail}
      </div>
    )
  )
}
