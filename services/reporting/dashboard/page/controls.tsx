/** The bar at the top: which period, compared with what, by which grain, and which filters. */

import type { PanelContext } from './context.ts'
import { valueTitle } from './model.ts'
import { formatDays } from './numbers.ts'
import { dayOf, grainOf, grainsOf, moved, rangeOf, startOf } from './periods.ts'
import { type Compare, type Grain, type Period, toggleFilter } from './view-state.ts'

const titles: readonly (readonly [Period, string, string])[] = [
  ['day', 'Day', 'd'],
  ['7d', 'Last 7 days', ''],
  ['week', 'Week', 'w'],
  ['30d', 'Last 30 days', 't'],
  ['month', 'Month', 'm'],
  ['90d', 'Last 90 days', ''],
  ['12mo', 'Last 12 months', ''],
  ['year', 'Year', 'y'],
  ['custom', 'From … to …', ''],
]
const comparisons: readonly (readonly [Compare, string])[] = [
  ['none', 'Compare with nothing'],
  ['previous', 'With the period before'],
  ['year', 'With a year before'],
]

export function Controls({ context, isFixed }: { context: PanelContext; isFixed: boolean }) {
  const { state, now, change } = context
  const range = rangeOf(state, now)
  const today = dayOf(startOf('day', now))
  const pick = (period: Period) =>
    change({
      ...state,
      period,
      grain: undefined,
      ...(period === 'custom'
        ? { from: dayOf(range.from), to: dayOf(Math.min(range.to, now) - 1), on: undefined }
        : {}),
    })
  if (isFixed)
    return (
      <p class="controls">
        <span>{`${formatDays(range.from, range.to)}, UTC`}</span>
      </p>
    )
  return (
    <fieldset class="controls" aria-label="What is looked at">
      <button type="button" aria-label="Earlier" title="Earlier (←)" onClick={() => change(moved(state, -1, now))}>
        ←
      </button>
      <button
        type="button"
        aria-label="Later"
        title="Later (→)"
        disabled={range.to > now}
        onClick={() => change(moved(state, 1, now))}
      >
        →
      </button>
      <select aria-label="Period" value={state.period} onChange={(event) => pick(event.currentTarget.value as Period)}>
        {titles.map(([period, title]) => (
          <option key={period} value={period}>
            {title}
          </option>
        ))}
      </select>
      {state.period === 'custom' ? (
        <>
          <input
            type="date"
            aria-label="First day"
            max={state.to}
            value={state.from}
            onChange={(event) => event.currentTarget.value && change({ ...state, from: event.currentTarget.value })}
          />
          <input
            type="date"
            aria-label="Last day"
            min={state.from}
            max={today}
            value={state.to}
            onChange={(event) => event.currentTarget.value && change({ ...state, to: event.currentTarget.value })}
          />
        </>
      ) : (
        <input
          type="date"
          aria-label="A day in the period"
          max={today}
          value={state.on ?? today}
          onChange={(event) =>
            change({
              ...state,
              on: event.currentTarget.value === today ? undefined : event.currentTarget.value || undefined,
            })
          }
        />
      )}
      <select
        aria-label="Grain"
        value={grainOf(state, range, now)}
        onChange={(event) => change({ ...state, grain: event.currentTarget.value as Grain })}
      >
        {grainsOf(range, now).map((grain) => (
          <option key={grain} value={grain}>
            by {grain}
          </option>
        ))}
      </select>
      <select
        aria-label="Comparison"
        value={state.compare}
        onChange={(event) => change({ ...state, compare: event.currentTarget.value as Compare })}
      >
        {comparisons.map(([compare, title]) => (
          <option key={compare} value={compare}>
            {title}
          </option>
        ))}
      </select>
      <span class="soft small">{`${formatDays(range.from, range.to)}, UTC`}</span>
    </fieldset>
  )
}

export function Filters({ context, isFixed }: { context: PanelContext; isFixed: boolean }) {
  const { model, state, change } = context
  if (state.filters.length === 0) return null
  return (
    <ul class="filters" aria-label="Filters">
      {state.filters.map((filter) => {
        const described = model.dimensions[filter.dimension]
        const text = `${described?.title ?? filter.dimension} ${filter.isNot ? 'is not' : 'is'} ${valueTitle(described, filter.value)}`
        return (
          <li key={`${filter.dimension}:${filter.value}`}>
            {isFixed ? (
              <span>{text}</span>
            ) : (
              <>
                <button
                  type="button"
                  title="Turn the filter around"
                  aria-label={`Turn around: ${text}`}
                  onClick={() =>
                    change({ ...state, filters: toggleFilter(state.filters, { ...filter, isNot: !filter.isNot }) })
                  }
                >
                  {text}
                </button>
                <button
                  type="button"
                  aria-label={`Remove: ${text}`}
                  onClick={() => change({ ...state, filters: toggleFilter(state.filters, filter) })}
                >
                  ×
                </button>
              </>
            )}
          </li>
        )
      })}
      {!isFixed && state.filters.length > 1 && (
        <li>
          <button type="button" onClick={() => change({ ...state, filters: [] })}>
            Remove all
          </button>
        </li>
      )}
    </ul>
  )
}
