/** Signing in with a token; links that `npm start` prints sign in by themselves. */
import { useState } from 'preact/hooks'
import { type ApiError, ask } from './api.ts'
import { Notice } from './notice.tsx'

export function SignIn({ error: given, onSignedIn }: { error: ApiError | undefined; onSignedIn: () => void }) {
  const [error, setError] = useState<ApiError | undefined>(given)
  const signIn = async (event: SubmitEvent) => {
    event.preventDefault()
    const token = new FormData(event.currentTarget as HTMLFormElement).get('token')
    try {
      await ask('/api/v1/session', { method: 'POST', body: { token } })
      onSignedIn()
    } catch (failed) {
      setError(failed as ApiError)
    }
  }
  return (
    <main class="sign-in">
      <h1>Headcount</h1>
      <p>
        Usage in counts that name nobody. Open the link that <code>npm start</code> printed, or sign in with a token.
      </p>
      <form onSubmit={signIn}>
        <label>
          Analyst token or admin token
          <input name="token" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit" class="first">
          Sign in
        </button>
      </form>
      <Notice error={error} />
      <p class="soft small">
        Both are in <code>credentials.json</code> in the data folder. <code>npm run headcount -- sign-in</code> prints a
        new link. Without signing in: <a href="/about">what there is</a>, <a href="/privacy">privacy</a>.
      </p>
    </main>
  )
}
