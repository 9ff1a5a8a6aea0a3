/** How the versions follow each other: the share of each over time, stacked. */
import type { UsageAnswer } from './api.ts'
import { Chart, type Series } from './chart.tsx'
import type { Note } from './chart-plugins.ts'
import type { PanelContext } from './context.ts'
import { type Dataset, valueTitle } from './model.ts'
import { formatShare } from './numbers.ts'
import { NotSplit } from './overview.tsx'
import { Panel } from './panel.tsx'
import { endOf, grainOf, rangeOf, windowsOf } from './periods.ts'
import { question } from './usage-query.ts'
import { useAnswer } from './use-answer.ts'

const bandsMax = 7

interface AdoptionProps {
  readonly context: PanelContext
  readonly dataset: Dataset
  readonly dimension: string
  readonly notes: readonly Note[]
}

export function Adoption({ context, dataset, dimension, notes }: AdoptionProps) {
  const { model, state, now, turn } = context
  const range = rangeOf(state, now)
  const grain = grainOf(state, range, now)
  const asked = question({ dataset, by: [dimension], range, grain, filters: state.filters })
  const isKnown = asked.unknown.length === 0
  const answer = useAnswer<UsageAnswer>(isKnown ? asked.path : undefined, turn)
  const described = model.dimensions[dimension]
  const title = `${described?.title ?? dimension}: share over time (${dataset.title})`
  const windows = windowsOf(grain, range).filter((window) => window < now)
  const top = mostUsed(answer.value).slice(0, bandsMax)
  const shares = sharesOf(answer.value, windows, top)
  const isRest = shares.rest.some((share) => (share ?? 0) > 0)
  const series: Series[] = [
    ...top.map((value, at) => ({ label: valueTitle(described, value), values: shares.of(value), colour: at })),
    ...(isRest ? [{ label: 'All others', values: shares.rest, colour: 7 }] : []),
  ]
  const partial = windows.find((window) => endOf(grain, window) > now)
  return (
    <Panel
      title={title}
      about="Of the events that can be shown."
      isWide
      isLoading={answer.isLoading}
      error={answer.error}
      exported={() => ({
        title,
        columns: ['window', ...series.map(({ label }) => label)],
        rows: windows.map((window, at) => [
          new Date(window).toISOString(),
          ...series.map(({ values }) => values[at] ?? null),
        ]),
        paths: [asked.path],
      })}
    >
      {isKnown && series.length === 0 ? (
        <p class="soft">{answer.value ? 'Nothing that can be shown in this period.' : '…'}</p>
      ) : isKnown ? (
        <>
          <ul class="legend">
            {series.map(({ label, colour }) => (
              <li key={label}>
                <i style={{ background: `var(--c${colour})` }} />
                {label}
              </li>
            ))}
          </ul>
          <Chart
            {...{ title, grain, windows, series, notes }}
            isStacked
            format={formatShare}
            {...(partial !== undefined && { partialFrom: partial })}
          />
        </>
      ) : (
        <NotSplit context={context} unknown={asked.unknown} title={dataset.title} />
      )}
    </Panel>
  )
}

function mostUsed(answer: UsageAnswer | undefined): string[] {
  const sums = new Map<string, number>()
  for (const [, value, events] of answer?.rows ?? [])
    sums.set(value as string, (sums.get(value as string) ?? 0) + (events as number))
  return [...sums].sort(([, a], [, b]) => b - a).map(([value]) => value)
}

function sharesOf(answer: UsageAnswer | undefined, windows: readonly number[], top: readonly string[]) {
  const at = new Map(windows.map((window, index) => [window, index]))
  const totals = windows.map(() => 0)
  const counts = new Map(top.map((value) => [value, windows.map(() => 0)]))
  let [last, index]: [unknown, number | undefined] = [undefined, undefined]
  for (const [window, value, events] of answer?.rows ?? []) {
    // The rows of a window come one after the other.
    if (window !== last) index = at.get(Date.parse(window as string))
    last = window
    if (index === undefined) continue
    totals[index] = (totals[index] ?? 0) + (events as number)
    const own = counts.get(value as string)
    if (own) own[index] = (own[index] ?? 0) + (events as number)
  }
  const share = (count: number, index: number) => ((totals[index] ?? 0) > 0 ? count / (totals[index] as number) : null)
  return {
    of: (value: string) => (counts.get(value) ?? []).map(share),
    rest: totals.map((total, index) =>
      share(total - [...counts.values()].reduce((sum, own) => sum + (own[index] ?? 0), 0), index),
    ),
  }
}
