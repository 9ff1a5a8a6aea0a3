/** Means per report of a dataset's measures: how large the clusters are. */
import type { UsageAnswer } from './api.ts'
import type { PanelContext } from './context.ts'
import type { Dataset } from './model.ts'
import { formatFine } from './numbers.ts'
import { NotSplit, valuesByMetric } from './overview.tsx'
import { Panel } from './panel.tsx'
import { grainOf, rangeOf, windowsOf } from './periods.ts'
import { TwinTable } from './twin-table.tsx'
import { question } from './usage-query.ts'
import { useAnswer } from './use-answer.ts'

export function Measures({ context, dataset }: { context: PanelContext; dataset: Dataset }) {
  const { model, state, now, turn } = context
  const range = rangeOf(state, now)
  const grain = grainOf(state, range, now)
  const asked = question({ dataset, by: [], range, grain, filters: state.filters, measures: dataset.measures })
  const isUsable = asked.unknown.length === 0 && dataset.measures.every((id) => asked.metrics.includes(id))
  const answer = useAnswer<UsageAnswer>(isUsable ? asked.path : undefined, turn)
  const windows = windowsOf(grain, range).filter((window) => window < now)
  const values = valuesByMetric(answer.value, windows, asked.metrics)
  const title = `Mean per report (${dataset.title})`
  const rows = dataset.measures.map((id) => {
    const shown = (values[id] ?? []).filter((value) => value !== null)
    return { id, values: values[id] ?? [], last: shown.at(-1), first: shown[0] }
  })
  return (
    <Panel
      title={title}
      isLoading={answer.isLoading}
      error={answer.error}
      exported={() => ({
        title,
        columns: ['window', ...dataset.measures],
        rows: windows.map((window, at) => [
          new Date(window).toISOString(),
          ...dataset.measures.map((id) => values[id]?.[at] ?? null),
        ]),
        paths: [asked.path],
      })}
    >
      {isUsable ? (
        <>
          <table class="bars">
            <thead>
              <tr>
                <th scope="col">Measure</th>
                <th scope="col">First</th>
                <th scope="col">Latest</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ id, values: own, first, last }) => (
                <tr key={id}>
                  <th scope="row">
                    {model.measures[id]?.title} <span class="soft">{model.measures[id]?.unit}</span>
                    <Spark values={own} />
                  </th>
                  <td>{first === undefined ? '–' : formatFine(first)}</td>
                  <td>{last === undefined ? '–' : formatFine(last)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <TwinTable
            title={title}
            grain={grain}
            windows={windows}
            columns={rows.map(({ id, values: own }) => ({ label: model.measures[id]?.title ?? id, values: own }))}
            textOf={(value) => (value === null || value === undefined ? '–' : formatFine(value))}
          />
        </>
      ) : asked.unknown.length > 0 ? (
        <NotSplit context={context} unknown={asked.unknown} title={dataset.title} />
      ) : (
        <p class="soft">Means cannot be told of all values but some.</p>
      )}
    </Panel>
  )
}

function Spark({ values }: { values: readonly (number | null)[] }) {
  const most = Math.max(1e-9, ...values.map((value) => value ?? 0))
  const points = values.flatMap((value, at) =>
    value === null
      ? []
      : [`${((at / Math.max(1, values.length - 1)) * 96 + 2).toFixed(1)},${(22 - (value / most) * 20).toFixed(1)}`],
  )
  return (
    <svg class="spark" viewBox="0 0 100 24" aria-hidden="true">
      <polyline points={points.join(' ')} />
    </svg>
  )
}
