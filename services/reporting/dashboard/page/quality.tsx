/** How far the counts are, and what could not be counted and why; no value of it is kept. */
import type { NotCounted } from '../page-answers.ts'
import type { PanelContext } from './context.ts'
import { formatAgo, formatDay, formatTime, formatWhole } from './numbers.ts'
import { Panel } from './panel.tsx'
import { useAnswer } from './use-answer.ts'

interface QualityAnswer {
  readonly fresh_to: string | null
  readonly lag_seconds: number | null
  /** Since when `not_counted` is, RFC 3339. */
  readonly since: string
  readonly not_counted: readonly NotCounted[]
  readonly quarantined: readonly { readonly reason: string; readonly shape: string; readonly events: number }[]
}

const lagTooMuchSeconds = 300
const rowsMax = 12

export function Quality({ context }: { context: PanelContext }) {
  const answer = useAnswer<QualityAnswer>('/api/v1/quality', context.turn)
  const {
    fresh_to: freshTo,
    lag_seconds: lag,
    quarantined,
  } = answer.value ?? { fresh_to: null, lag_seconds: null, quarantined: [] }
  const isLate = answer.value !== undefined && (lag === null || lag > lagTooMuchSeconds)
  return (
    <Panel
      title="Completeness"
      isLoading={answer.isLoading}
      error={answer.error}
      exported={() => ({
        title: 'Completeness',
        columns: ['reason', 'shape', 'events'],
        rows: quarantined.map(({ reason, shape, events }) => [reason, shape, events]),
        paths: ['/api/v1/quality'],
      })}
    >
      <p class="figure">
        <span>Counted up to</span>
        <strong>{freshTo === null ? 'not known' : formatTime(Date.parse(freshTo))}</strong>
        {lag !== null && <em class={isLate ? 'down' : ''}>{formatAgo(lag * 1000)} behind</em>}
      </p>
      {isLate && (
        <div class="notice" role="alert">
          <strong>The counts are behind.</strong> Nothing is lost, it waits in the event log. See that a worker runs and
          reaches its stores; <code>npm run headcount -- doctor</code> says what is wrong.
        </div>
      )}
      {quarantined.length === 0 ? (
        <p class="soft">Nothing of the last 30 days was unreadable.</p>
      ) : (
        <table class="bars">
          <thead>
            <tr>
              <th scope="col">Left out, last 30 days</th>
              <th scope="col">Shape</th>
              <th scope="col">Events</th>
            </tr>
          </thead>
          <tbody>
            {quarantined.slice(0, rowsMax).map(({ reason, shape, events }) => (
              <tr key={`${reason} ${shape}`}>
                <th scope="row">{reason}</th>
                <td>{shape}</td>
                <td>{formatWhole(events)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Dropped since={answer.value?.since} rows={answer.value?.not_counted ?? []} />
    </Panel>
  )
}

function Dropped({ since, rows }: { since: string | undefined; rows: readonly NotCounted[] }) {
  if (since === undefined || rows.length === 0) return null
  return (
    <table class="bars">
      <caption class="soft small">
        Not counted since {formatDay(Date.parse(since))}, {formatTime(Date.parse(since))}, when this process began
      </caption>
      <thead>
        <tr>
          <th scope="col">Why</th>
          <th scope="col">Events</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ where, reason, means, isIntended, events }) => (
          <tr key={`${where} ${reason}`}>
            <th scope="row">
              {reason} <span class="soft small">{means}</span>
              {where === 'worker' && !isIntended && <strong> Look into it.</strong>}
            </th>
            <td>{formatWhole(events)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
