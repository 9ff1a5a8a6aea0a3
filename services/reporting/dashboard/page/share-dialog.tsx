/** Links that show this one view of closed days, read-only; made, listed and revoked here. */
import { useEffect, useState } from 'preact/hooks'
import { type ApiError, ask } from './api.ts'
import type { PanelContext } from './context.ts'
import { Dialog } from './dialog.tsx'
import { Notice } from './notice.tsx'
import { formatDay, formatDays } from './numbers.ts'
import { comparedRange, dayOf, rangeOf } from './periods.ts'
import { writeState } from './view-state.ts'

interface Share {
  readonly id: string
  readonly title: string
  readonly until: string
}

export function ShareDialog({ context, onClose }: { context: PanelContext; onClose: () => void }) {
  const { state, now } = context
  const [link, setLink] = useState('')
  const [error, setError] = useState<ApiError>()
  const [shares, setShares] = useState<readonly Share[]>([])
  const [said, say] = useState('')
  const [openFrom, setOpenFrom] = useState<number>()
  const load = () =>
    ask<{ shares: Share[]; open_from: string }>('/api/v1/shares').then((answer) => {
      setShares(answer.shares)
      setOpenFrom(Date.parse(answer.open_from))
    }, setError)
  useEffect(() => {
    load()
  }, [])
  const asked = rangeOf(state, now)
  const range = { from: asked.from, to: Math.min(asked.to, openFrom ?? asked.to) }
  const isClosed = range.to > range.from
  const copy = (text: string) =>
    navigator.clipboard.writeText(text).then(
      () => say('Copied'),
      () => say(''),
    )
  const make = async (event: SubmitEvent) => {
    event.preventDefault()
    const given = new FormData(event.currentTarget as HTMLFormElement)
    const fixed = {
      ...state,
      period: 'custom' as const,
      from: dayOf(range.from),
      to: dayOf(range.to - 1),
      on: undefined,
      grain: 'day' as const,
    }
    const ranges = [range, comparedRange(range, state.compare)].flatMap((one) =>
      one ? [{ from: dayOf(one.from), to: dayOf(one.to) }] : [],
    )
    const body = {
      title: given.get('title'),
      days: Number(given.get('days')),
      ranges,
      where: state.filters,
      query: writeState(fixed),
    }
    try {
      const { key } = await ask<{ key: string }>('/api/v1/shares', { method: 'POST', body })
      const made = `${location.origin}/#view=${key}`
      setLink(made)
      setError(undefined)
      await copy(made)
      load()
    } catch (failed) {
      setError(failed as ApiError)
    }
  }
  const revoke = async (id: string) => {
    await ask(`/api/v1/shares/${id}`, { method: 'DELETE' }).catch(setError)
    load()
  }
  return (
    <Dialog title="Share this view" onClose={onClose}>
      <p class="soft">
        {isClosed
          ? `${formatDays(range.from, range.to)}, with the filters that are set. Whoever has the link sees this and nothing else, under the same limits.`
          : 'No day of this period is closed yet. A day closes some 26 hours after its end; choose an earlier period.'}{' '}
        {isClosed && range.to < asked.to && 'Later days still change and are left out.'}
      </p>
      <form onSubmit={make}>
        <label>
          Title
          <input name="title" maxLength={100} placeholder="Versions in October" />
        </label>
        <label>
          Works for
          <select name="days" defaultValue="30">
            <option value="7">7 days</option>
            <option value="30">30 days</option>
            <option value="90">90 days</option>
            <option value="365">a year</option>
          </select>
        </label>
        <button type="submit" class="first" disabled={!isClosed || openFrom === undefined}>
          Make and copy a link
        </button>
      </form>
      <Notice error={error} />
      {link && (
        <p>
          <input readOnly aria-label="The link" value={link} onFocus={(event) => event.currentTarget.select()} />
          <button type="button" onClick={() => copy(link)}>
            Copy
          </button>
          <span role="status">{said}</span>
          <br />
          <span class="soft small">It is shown this once.</span>
        </p>
      )}
      {shares.length > 0 && <h3>Links that work</h3>}
      <ul class="plain">
        {shares.map(({ id, title, until }) => (
          <li key={id}>
            {title || 'Without title'} <span class="soft">until {formatDay(Date.parse(until))}</span>
            <button
              type="button"
              class="link"
              aria-label={`Revoke: ${title || 'without title'}`}
              onClick={() => revoke(id)}
            >
              Revoke
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
