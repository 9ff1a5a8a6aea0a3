/** Events and devices over time, and beside them the period that they are compared with. */
import type { UsageAnswer } from './api.ts'
import { Chart, type Series } from './chart.tsx'
import type { Note } from './chart-plugins.ts'
import type { PanelContext } from './context.ts'
import { mainDataset } from './model.ts'
import { formatChange, formatDays, formatShort, formatWhole } from './numbers.ts'
import { Panel } from './panel.tsx'
import { comparedRange, dayMs, dayOf, endOf, grainOf, rangeOf, windowsOf } from './periods.ts'
import { question } from './usage-query.ts'
import { useAnswer } from './use-answer.ts'

export function Overview({ context, notes }: { context: PanelContext; notes: readonly Note[] }) {
  const { model, state, now, change, turn } = context
  const dataset = mainDataset(model)
  const range = rangeOf(state, now)
  const grain = grainOf(state, range, now)
  const compared = comparedRange(range, state.compare)
  const asked = dataset && question({ dataset, by: [], range, grain, filters: state.filters })
  const before = dataset && compared && question({ dataset, by: [], range: compared, grain, filters: state.filters })
  const usable = asked && asked.unknown.length === 0
  const current = useAnswer<UsageAnswer>(usable ? asked.path : undefined, turn)
  const earlier = useAnswer<UsageAnswer>(usable ? before?.path : undefined, turn)
  if (!asked || !dataset) return null
  const windows = windowsOf(grain, range).filter((window) => window < now)
  const own = compared ? windowsOf(grain, compared) : []
  const columns = valuesByMetric(current.value, windows, asked.metrics)
  const columnsBefore = compared ? valuesByMetric(earlier.value, own, asked.metrics) : undefined
  const hidden = new Set(current.value?.suppressed_in.map(([window]) => Date.parse(window)))
  const partial = windows.find((window) => endOf(grain, window) > now)
  const onRange = (from: number, to: number) =>
    change({
      ...state,
      period: 'custom',
      from: dayOf(from),
      to: dayOf(Math.max(from, to - dayMs / 2)),
      grain: undefined,
    })
  return (
    <Panel
      title="Over time"
      isWide
      about={`${dataset.title}, ${formatDays(range.from, Math.min(range.to, now + 1))}${compared ? `, compared with ${formatDays(compared.from, compared.to)} (dashed)` : ''}. Drag over a chart to look closer.`}
      isLoading={current.isLoading}
      error={current.error}
      exported={() => ({
        title: 'Over time',
        columns: ['window', ...asked.metrics],
        rows: windows.map((window, at) => [
          new Date(window).toISOString(),
          ...asked.metrics.map((metric) => columns[metric]?.[at] ?? null),
        ]),
        paths: [asked.path, ...(before ? [before.path] : [])],
      })}
    >
      {asked.unknown.length > 0 ? (
        <NotSplit context={context} unknown={asked.unknown} title={dataset.title} />
      ) : (
        <div class="pair">
          {asked.metrics.map((metric) => {
            const title = metric === 'events' ? 'Events' : 'Devices'
            const values = columns[metric] ?? []
            const series: Series[] = [{ label: title, values, colour: metric === 'events' ? 0 : 1 }]
            const earlierValues = columnsBefore?.[metric]
            if (earlierValues)
              series.push({ label: 'Before', values: earlierValues, windows: own, isDashed: true, colour: 7 })
            return (
              <div key={metric}>
                <Figure
                  title={title}
                  grain={grain}
                  values={values}
                  before={earlierValues}
                  isSum={metric === 'events'}
                />
                <Chart
                  {...{ title, grain, windows, series, hidden, notes, onRange }}
                  format={formatShort}
                  {...(partial !== undefined && { partialFrom: partial })}
                />
              </div>
            )
          })}
        </div>
      )}
      {hidden.size > 0 && (
        <p class="soft small">
          {hidden.size} {grain}
          {hidden.size === 1 ? ' is' : 's are'} not shown: fewer than {model.k} devices, or one that would give such a
          one away.
        </p>
      )}
    </Panel>
  )
}

interface FigureProps {
  readonly title: string
  readonly grain: string
  readonly values: readonly (number | null)[]
  readonly before: readonly (number | null)[] | undefined
  /** Events add up; devices do not, so their mean is told. */
  readonly isSum: boolean
}

function Figure({ title, grain, values, before, isSum }: FigureProps) {
  const total = isSum ? sum(values) : mean(values)
  // What has not happened yet has nothing to be compared with.
  const earlier = before && (isSum ? sum(before.slice(0, values.length)) : mean(before.slice(0, values.length)))
  const change = earlier !== undefined && earlier > 0 ? total / earlier - 1 : undefined
  return (
    <p class="figure">
      <span>{isSum ? title : `${title} ${grain === 'hour' ? 'an' : 'a'} ${grain}, on average`}</span>
      <strong>{formatWhole(total)}</strong>
      {change !== undefined && (
        <em class={change < 0 ? 'down' : 'up'}>{`${change < 0 ? '↓' : '↑'} ${formatChange(change)}`}</em>
      )}
    </p>
  )
}

export function NotSplit({
  context,
  unknown,
  title,
}: {
  context: PanelContext
  unknown: readonly string[]
  title: string
}) {
  const names = unknown.map((id) => context.model.dimensions[id]?.title ?? id)
  return (
    <p class="soft">
      {title} is not counted by {names.join(' and ')}, so this filter cannot be answered here: what is not counted
      together cannot be put together later.
    </p>
  )
}

/** By metric, its value in each window; null where there is none to show. */
export function valuesByMetric(
  answer: UsageAnswer | undefined,
  windows: readonly number[],
  metrics: readonly string[],
): Readonly<Record<string, (number | null)[]>> {
  const at = new Map(windows.map((window, index) => [window, index]))
  const hidden = new Set(answer?.suppressed_in.map(([window]) => Date.parse(window)))
  const empty = (metric: string) =>
    windows.map((window) =>
      answer === undefined || hidden.has(window) || (metric !== 'events' && metric !== 'devices') ? null : 0,
    )
  const found: Record<string, (number | null)[]> = Object.fromEntries(metrics.map((metric) => [metric, empty(metric)]))
  for (const row of answer?.rows ?? []) {
    const index = at.get(Date.parse(row[0] as string))
    if (index === undefined) continue
    metrics.forEach((metric, column) => {
      const values = found[metric]
      if (values) values[index] = row[row.length - metrics.length + column] as number | null
    })
  }
  return found
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0)
}

function mean(values: readonly (number | null)[]): number {
  const shown = values.filter((value) => value !== null)
  return shown.length === 0 ? 0 : sum(shown) / shown.length
}
