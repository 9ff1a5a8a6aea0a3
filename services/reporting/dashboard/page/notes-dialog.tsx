/** Notes at days of the charts: what was released, what broke. */
import { useState } from 'preact/hooks'
import { type ApiError, ask } from './api.ts'
import { forget } from './ask-once.ts'
import type { Note } from './chart-plugins.ts'
import { Dialog } from './dialog.tsx'
import { Notice } from './notice.tsx'
import { formatDay } from './numbers.ts'

interface NotesDialogProps {
  readonly notes: readonly Note[]
  readonly today: string
  readonly onChange: () => void
  readonly onClose: () => void
}

export function NotesDialog({ notes, today, onChange, onClose }: NotesDialogProps) {
  const [error, setError] = useState<ApiError>()
  const run = async (path: string, method: string, body?: unknown) => {
    try {
      await ask(path, { method, ...(body !== undefined && { body }) })
      setError(undefined)
      forget()
      onChange()
      return true
    } catch (failed) {
      setError(failed as ApiError)
      return false
    }
  }
  const add = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const given = new FormData(form)
    if (await run('/api/v1/annotations', 'POST', { day: given.get('day'), text: given.get('text') })) form.reset()
  }
  return (
    <Dialog title="Notes" onClose={onClose}>
      <p class="soft">
        Everybody who signs in sees them at their day in the charts, and so does who has a shared view.
      </p>
      <form onSubmit={add}>
        <label>
          Day
          <input type="date" name="day" defaultValue={today} required />
        </label>
        <label>
          What happened
          <input name="text" maxLength={140} required placeholder="DC/OS 2.2 released" />
        </label>
        <button type="submit" class="first">
          Add
        </button>
      </form>
      <Notice error={error} />
      <ul class="plain">
        {notes.map(({ id, day, text }) => (
          <li key={id}>
            <span class="soft">{formatDay(Date.parse(day))}</span> {text}
            <button
              type="button"
              class="link"
              aria-label={`Delete: ${text}`}
              onClick={() => run(`/api/v1/annotations/${id}`, 'DELETE')}
            >
              Delete
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
