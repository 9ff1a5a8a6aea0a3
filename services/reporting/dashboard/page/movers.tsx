/** What rises and what falls this week, before anybody has clicked on anything. */
import type { UsageAnswer } from './api.ts'
import type { PanelContext } from './context.ts'
import { type Dataset, mainDataset, moving, valueTitle } from './model.ts'
import { askedOf, difference, largestMoves, type Move, movesOf } from './moves.ts'
import { formatChange, formatDays, formatWhole } from './numbers.ts'
import { NotSplit } from './overview.tsx'
import { Panel } from './panel.tsx'
import { dayMs, rangeOf, startOf } from './periods.ts'
import { question } from './usage-query.ts'
import { useAnswer } from './use-answer.ts'
import { toggleFilter } from './view-state.ts'

const each = 3

export function Movers({ context }: { context: PanelContext }) {
  const dataset = mainDataset(context.model)
  if (!dataset) return null
  return (
    <>
      {moving(dataset).map((dimension) => (
        <MoversOf key={dimension} {...{ context, dataset, dimension }} />
      ))}
    </>
  )
}

interface MoversOfProps {
  readonly context: PanelContext
  readonly dataset: Dataset
  readonly dimension: string
}

function MoversOf({ context, dataset, dimension }: MoversOfProps) {
  const { model, state, now, change, turn } = context
  const range = askedOf(rangeOf(state, now), now)
  const end = Math.min(range.to, startOf('day', now))
  const asked = question({ dataset, by: [dimension], range, grain: 'day', filters: state.filters })
  const isKnown = asked.unknown.length === 0
  const answer = useAnswer<UsageAnswer>(isKnown ? asked.path : undefined, turn)
  const described = model.dimensions[dimension]
  const moves = answer.value ? largestMoves(movesOf(answer.value, end), each) : []
  const title = `${described?.title ?? dimension}: what moved`
  return (
    <Panel
      title={title}
      about={`${formatDays(end - 7 * dayMs, end)}, beside the 7 days before, in events.`}
      isLoading={answer.isLoading}
      error={answer.error}
      exported={() => ({
        title,
        columns: [dimension, 'before', 'after'],
        rows: moves.map(({ value, before, after }) => [value, before ?? null, after ?? null]),
        paths: [asked.path],
      })}
    >
      {!isKnown ? (
        <NotSplit context={context} unknown={asked.unknown} title={dataset.title} />
      ) : moves.length > 0 ? (
        <table class="bars">
          <thead>
            <tr>
              <th scope="col">{described?.title}</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {moves.map((move) => (
              <tr key={move.value}>
                <th scope="row">
                  <button
                    type="button"
                    onClick={() =>
                      change({
                        ...state,
                        filters: toggleFilter(state.filters, { dimension, value: move.value, isNot: false }),
                      })
                    }
                  >
                    {valueTitle(described, move.value)}
                  </button>
                </th>
                <td>{told(move.before)}</td>
                <td>{told(move.after)}</td>
                <td>
                  <em class={difference(move) < 0 ? 'down' : 'up'}>{changeOf(move)}</em>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <p class="soft">{answer.value ? 'Nothing that is shown rose or fell.' : '…'}</p>
      )}
      {moves.length > 0 && <p class="soft small">A day on which a value is not shown is left out of both weeks.</p>}
    </Panel>
  )
}

function told(events: number | undefined): string {
  return events === undefined ? 'not shown' : formatWhole(events)
}

function changeOf(move: Move): string {
  const arrow = difference(move) < 0 ? '↓' : '↑'
  if (!move.before || move.after === undefined) return arrow
  return `${arrow} ${formatChange(move.after / move.before - 1)}`
}
