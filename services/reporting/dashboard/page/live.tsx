/**
 * The last half hour by the minute. Asked every second and a half, so that what comes in is seen within three; a minute with
 * too few devices shows that it has some.
 */
import { useEffect, useState } from 'preact/hooks'
import type { ApiError, UsageAnswer } from './api.ts'
import { askTogether } from './ask-together.ts'
import type { PanelContext } from './context.ts'
import { mainDataset } from './model.ts'
import { formatTime, formatWhole } from './numbers.ts'
import { NotSplit } from './overview.tsx'
import { Panel } from './panel.tsx'
import { startOf } from './periods.ts'
import { Twin } from './twin.tsx'
import { question } from './usage-query.ts'

const minutes = 30
const everyMs = 1500

export function Live({ context }: { context: PanelContext }) {
  const { model, state } = context
  const dataset = mainDataset(model)
  const [skew] = useState(() => Date.parse(model.now) - Date.now())
  const [live, setLive] = useState<{ last: number; byMinute?: UsageAnswer; thisHour?: UsageAnswer; error?: ApiError }>({
    last: 0,
  })
  const filters = JSON.stringify(state.filters)
  useEffect(() => {
    if (!dataset) return
    let timer = 0
    let isCurrent = true
    const look = async () => {
      const now = Date.now() + skew
      const last = startOf('minute', now)
      const of = (grain: 'minute' | 'hour', from: number) =>
        question({ dataset, by: [], range: { from, to: now + 1000 }, grain, filters: state.filters })
      const asked = of('minute', last - (minutes - 1) * 60_000)
      if (!document.hidden && asked.unknown.length === 0) {
        const found = await Promise.all([
          askTogether<UsageAnswer>(asked.path),
          askTogether<UsageAnswer>(of('hour', startOf('hour', now)).path),
        ]).then(
          ([byMinute, thisHour]) => ({ last, byMinute, thisHour }),
          (error: ApiError) => ({ last, error }),
        )
        if (isCurrent) setLive(found)
      }
      if (isCurrent) timer = setTimeout(look, everyMs) as unknown as number
    }
    look()
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [dataset?.id, filters])
  if (!dataset?.grains.includes('minute')) return null
  const { last, byMinute, thisHour, error } = live
  const unknown = state.filters.map(({ dimension }) => dimension).filter((one) => !dataset.dimensions.includes(one))
  if (unknown.length > 0)
    return (
      <Panel title="Live">
        <NotSplit context={context} unknown={unknown} title={dataset.title} />
      </Panel>
    )
  const hidden = new Set(byMinute?.suppressed_in.map(([window]) => Date.parse(window)))
  const cells = new Map(byMinute?.rows.map((row) => [Date.parse(row[0] as string), row]))
  const bars = Array.from({ length: minutes }, (_, at) => {
    const window = last - (minutes - 1 - at) * 60_000
    const row = cells.get(window)
    return {
      window,
      events: (row?.[1] as number | undefined) ?? 0,
      devices: row?.[2] as number | undefined,
      isHidden: hidden.has(window),
    }
  })
  const most = Math.max(1, ...bars.map(({ events }) => events))
  const hour = thisHour?.rows[0]
  const isFew = (thisHour?.suppressed ?? 0) > 0
  return (
    <Panel
      title="Live"
      about="The last 30 minutes."
      isLoading={byMinute === undefined && error === undefined}
      error={error}
      exported={
        byMinute &&
        (() => ({
          title: 'Live',
          columns: ['window', 'events', 'devices'],
          rows: bars.map(({ window, events, devices, isHidden }) => [
            new Date(window).toISOString(),
            isHidden ? null : events,
            devices ?? null,
          ]),
          paths: [],
        }))
      }
    >
      <p class="figure">
        <span>Devices this hour</span>
        <strong data-live="devices">
          {hour?.[2] !== undefined ? formatWhole(hour[2] as number) : isFew ? `under ${model.k}` : '0'}
        </strong>
      </p>
      <div class="minutes" role="img" aria-label="Events by the minute: chart; the table below has its numbers">
        {bars.map(({ window, events, devices, isHidden }) => (
          <i
            key={window}
            class={isHidden ? 'few' : ''}
            data-events={isHidden ? 'few' : events}
            style={{ height: isHidden ? '18%' : `${(events / most) * 100}%` }}
            title={`${formatTime(window)}: ${isHidden ? `under ${model.k} devices` : `${events} events, ${devices ?? 0} devices`}`}
          />
        ))}
      </div>
      <Twin of="the last 30 minutes">
        {() => (
          <table>
            <thead>
              <tr>
                <th scope="col">UTC</th>
                <th scope="col">Events</th>
                <th scope="col">Devices</th>
              </tr>
            </thead>
            <tbody>
              {bars.toReversed().map(({ window, events, devices, isHidden }) => (
                <tr key={window}>
                  <th scope="row">{formatTime(window)}</th>
                  <td>{isHidden ? 'not shown' : formatWhole(events)}</td>
                  <td>{isHidden ? 'not shown' : formatWhole(devices ?? 0)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Twin>
      {hidden.size > 0 && (
        <p class="soft small">Hatched: something came in, from fewer than {model.k} devices in that minute.</p>
      )}
    </Panel>
  )
}
