/** The values of one dimension of a dataset: events and devices of the period; a click filters everything by one. */
import { useState } from 'preact/hooks'
import type { UsageAnswer } from './api.ts'
import type { PanelContext } from './context.ts'
import { listRows } from './list-rows.ts'
import { type Dataset, valueTitle } from './model.ts'
import { formatChange, formatShare, formatWhole } from './numbers.ts'
import { NotSplit } from './overview.tsx'
import { Panel } from './panel.tsx'
import { comparedList, listGrain, rangeOf } from './periods.ts'
import { question } from './usage-query.ts'
import { useAnswer } from './use-answer.ts'
import { toggleFilter } from './view-state.ts'
import { WorldMap } from './world-map.tsx'

const rowsShown = 9

interface ValueListProps {
  readonly context: PanelContext
  readonly dataset: Dataset
  readonly dimension: string
  readonly title: string
}

export function ValueList({ context, dataset, dimension, title }: ValueListProps) {
  const { model, state, now, change, turn } = context
  const [isAll, showAll] = useState(false)
  const [search, setSearch] = useState('')
  const range = rangeOf(state, now)
  // A shared view is answered by the day.
  const grain = model.role === 'guest' ? 'day' : listGrain(range)
  const compared = comparedList(range, state.compare, grain, now)
  const of = { dataset, by: [dimension], grain, filters: state.filters, isTotals: true }
  const asked = question({ ...of, range })
  const before = compared && question({ ...of, range: compared })
  const isKnown = asked.unknown.length === 0
  const answer = useAnswer<UsageAnswer>(isKnown ? asked.path : undefined, turn)
  const earlier = useAnswer<UsageAnswer>(isKnown ? before?.path : undefined, turn)
  const described = model.dimensions[dimension]
  const isOrdered = described?.kind === 'buckets'
  const rows = listRows(answer.value, isOrdered)
  const old = new Map(listRows(earlier.value, false).map(({ value, events }) => [value, events]))
  const total = rows.reduce((sum, { events }) => sum + events, 0)
  const most = Math.max(1, ...rows.map(({ events }) => events))
  const found = rows.filter(({ value }) => valueTitle(described, value).toLowerCase().includes(search.toLowerCase()))
  const shown = isAll ? found : rows.slice(0, rowsShown)
  const toggle = (value: string, isNot: boolean) =>
    change({ ...state, filters: toggleFilter(state.filters, { dimension, value, isNot }) })
  const isFiltered = (value: string) => state.filters.some((one) => one.dimension === dimension && one.value === value)
  const isCountry = described?.origin === 'address.country'
  return (
    <Panel
      title={title}
      isWide={isCountry}
      isLoading={answer.isLoading}
      error={answer.error}
      exported={
        isKnown
          ? () => ({
              title,
              columns: [dimension, 'events', ...(asked.hasDevices ? [`devices per ${grain}`] : [])],
              rows: found.map(({ value, events, devices }) => [
                value,
                events,
                ...(devices === undefined ? [] : [devices]),
              ]),
              paths: [asked.path],
            })
          : undefined
      }
    >
      {!isKnown ? (
        <NotSplit context={context} unknown={asked.unknown} title={dataset.title} />
      ) : (
        <div class={isCountry && rows.length > 0 ? 'pair' : ''}>
          {isCountry && rows.length > 0 && (
            <WorldMap
              rows={rows}
              titleOf={(value) => valueTitle(described, value)}
              onPick={(value) => toggle(value, false)}
            />
          )}
          <div>
            {isAll && (
              <input
                type="search"
                placeholder={`Find in ${rows.length}`}
                aria-label={`Find in ${title}`}
                value={search}
                onInput={(event) => setSearch(event.currentTarget.value)}
              />
            )}
            <table class="bars" hidden={rows.length === 0}>
              <thead>
                <tr>
                  <th scope="col">{described?.title}</th>
                  <th scope="col">Events</th>
                  <th scope="col">{asked.hasDevices ? `Devices a ${grain}` : ''}</th>
                  <th scope="col">
                    <span class="hide">Leave out</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown.map(({ value, events, devices }) => {
                  const name = valueTitle(described, value)
                  const was = old.get(value)
                  return (
                    <tr key={value} class={isFiltered(value) ? 'on' : ''}>
                      <th scope="row">
                        <i style={{ width: `${(events / most) * 100}%` }} />
                        <button
                          type="button"
                          aria-pressed={isFiltered(value)}
                          onClick={() => toggle(value, false)}
                          title={`Only ${name}`}
                        >
                          {name}
                        </button>
                      </th>
                      <td title={formatShare(total > 0 ? events / total : 0)}>
                        {formatWhole(events)}
                        <small>{total > 0 ? formatShare(events / total) : ''}</small>
                        {was !== undefined && was > 0 && (
                          <em class={events < was ? 'down' : 'up'}>{formatChange(events / was - 1)}</em>
                        )}
                      </td>
                      <td>{devices === undefined ? '' : formatWhole(devices)}</td>
                      <td>
                        <button
                          type="button"
                          class="not"
                          aria-label={`All but ${name}`}
                          title={`All but ${name}`}
                          onClick={() => toggle(value, true)}
                        >
                          ≠
                        </button>
                      </td>
                    </tr>
                  )
                })}
              </tbody>
            </table>
            {rows.length === 0 && !answer.isLoading && answer.value && answer.value.suppressed === 0 && (
              <p class="soft">
                Nothing in this period.{isCountry && ' Countries need a database of addresses (HEADCOUNT_GEOIP_MMDB).'}
              </p>
            )}
            {answer.value !== undefined && answer.value.suppressed > 0 && (
              <p
                class="hidden-cells small"
                title="A cell under the limit is never shown, nor what would give it away by subtraction."
              >
                {formatWhole(answer.value.suppressed)} cell{answer.value.suppressed === 1 ? '' : 's'} not shown: fewer
                than {model.k} devices a {grain}, or needed to keep such a one hidden. That is not zero.
              </p>
            )}
            {!asked.hasDevices && rows.length > 0 && (
              <p class="soft small">Devices are not counted for these filters together, only events.</p>
            )}
            {(rows.length > rowsShown || isAll) && (
              <button type="button" class="link" aria-expanded={isAll} onClick={() => showAll(!isAll)}>
                {isAll ? 'Fewer' : `All ${rows.length}`}
              </button>
            )}
          </div>
        </div>
      )}
    </Panel>
  )
}
