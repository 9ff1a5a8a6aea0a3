/** How far the counts are, and what could not be counted and why; no value of it is kept. */
import type { PanelContext } from './context.ts'
import { formatAgo, formatTime, formatWhole } from './numbers.ts'
import { Panel } from './panel.tsx'
import { useAnswer } from './use-answer.ts'

interface QualityAnswer {
  readonly fresh_to: string | null
  readonly lag_seconds: number | null
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
        <p class="soft">Nothing of the last 30 days had to be left out.</p>
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
    </Panel>
  )
}
