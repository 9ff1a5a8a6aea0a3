/** Devices of whole weeks and of whole months: who can be recognised for that long, counted once. */
import type { UsageAnswer } from './api.ts'
import { Chart } from './chart.tsx'
import type { PanelContext } from './context.ts'
import { mainDataset } from './model.ts'
import { formatShort } from './numbers.ts'
import { NotSplit, valuesByMetric } from './overview.tsx'
import { Panel } from './panel.tsx'
import { endOf, longRange, rangeOf, windowsOf } from './periods.ts'
import { question } from './usage-query.ts'
import { useAnswer } from './use-answer.ts'

export function Uniques({ context, grain }: { context: PanelContext; grain: 'week' | 'month' }) {
  const { model, state, now, turn } = context
  const dataset = mainDataset(model)
  const range = longRange(grain, rangeOf(state, now), now)
  const asked = dataset && question({ dataset, by: [], range, grain, filters: state.filters })
  const isUsable = asked !== undefined && asked.unknown.length === 0 && asked.hasDevices
  const answer = useAnswer<UsageAnswer>(isUsable ? asked.path : undefined, turn)
  if (!asked || !dataset?.grains.includes(grain)) return null
  const windows = windowsOf(grain, range).filter((window) => window < now)
  const values = valuesByMetric(answer.value, windows, asked.metrics).devices ?? []
  const title = grain === 'week' ? 'Devices of a week' : 'Devices of a month'
  const partial = windows.find((window) => endOf(grain, window) > now)
  const hidden = new Set(answer.value?.suppressed_in.map(([window]) => Date.parse(window)))
  return (
    <Panel
      title={title}
      about="Only senders with an identifier; others are not followed from one day to the next."
      isLoading={answer.isLoading}
      error={answer.error}
      exported={() => ({
        title,
        columns: ['window', 'devices'],
        rows: windows.map((window, at) => [new Date(window).toISOString(), values[at] ?? null]),
        paths: [asked.path],
      })}
    >
      {isUsable ? (
        <Chart
          {...{ title, grain, windows, hidden }}
          series={[{ label: 'Devices', values, colour: 1 }]}
          format={formatShort}
          height={170}
          {...(partial !== undefined && { partialFrom: partial })}
        />
      ) : asked.unknown.length > 0 ? (
        <NotSplit context={context} unknown={asked.unknown} title={dataset.title} />
      ) : (
        <p class="soft">Devices are not counted for these filters together.</p>
      )}
    </Panel>
  )
}
