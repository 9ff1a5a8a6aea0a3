/** A chart over time with its table: lines, or shares stacked on each other. Times are UTC. */
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { drawNotes, drawPartial, type Note, tooltip } from './chart-plugins.ts'
import { TwinTable } from './twin-table.tsx'

export interface Series {
  readonly label: string
  readonly values: readonly (number | null)[]
  /** Of the period compared with: its own windows, for the tooltip and the table. */
  readonly windows?: readonly number[]
  readonly isDashed?: boolean
  /** 0 to 7: a colour of the palette. */
  readonly colour?: number
}

export interface ChartProps {
  readonly title: string
  readonly grain: string
  /** Starts, ms since the Unix epoch. */
  readonly windows: readonly number[]
  readonly series: readonly Series[]
  readonly format: (value: number) => string
  /** Each series is put on those before it. */
  readonly isStacked?: boolean
  readonly height?: number
  /** From this window on counts still grow. */
  readonly partialFrom?: number
  /** Windows with something left out. */
  readonly hidden?: ReadonlySet<number>
  readonly notes?: readonly Note[]
  readonly onRange?: (from: number, to: number) => void
}

const heightPx = 220

export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const { title, grain, windows, series, format, hidden } = props
  // Drawn when there is something to draw: while all panels wait, drawing empty axes would be what they wait for.
  const isKnown = (hidden?.size ?? 0) > 0 || series.some(({ values }) => values.some((value) => value !== null))
  useEffect(() => {
    const element = box.current
    if (!element || !isKnown) return
    let plot: uPlot | undefined
    const draw = () => {
      plot?.destroy()
      plot = new uPlot(optionsOf(props, element), dataOf(props), element)
    }
    // Told when the page has been laid out anyway: to ask for the width before would lay it out for each chart.
    const resize = new ResizeObserver(() => {
      if (plot) plot.setSize({ width: element.clientWidth, height: plot.height })
      else draw()
    })
    resize.observe(element)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    const redraw = () => plot && draw()
    scheme.addEventListener('change', redraw)
    addEventListener('theme', redraw)
    return () => {
      scheme.removeEventListener('change', redraw)
      removeEventListener('theme', redraw)
      resize.disconnect()
      plot?.destroy()
    }
  }, [props])
  return (
    <>
      <div
        ref={box}
        class="chart"
        role="img"
        aria-label={`${title}: chart; the table below has its numbers`}
        style={{ minHeight: `${props.height ?? heightPx}px` }}
      />
      <TwinTable
        title={title}
        grain={grain}
        windows={windows}
        columns={series}
        textOf={(value, window) =>
          value === null || value === undefined ? (hidden?.has(window) ? 'not shown' : '–') : format(value)
        }
      />
    </>
  )
}

function dataOf({ windows, series, isStacked }: ChartProps): uPlot.AlignedData {
  const x = windows.map((time) => time / 1000)
  if (!isStacked) return [x, ...series.map(({ values }) => values as (number | null)[])]
  const sums = windows.map(() => 0)
  const stacked = series.map(({ values }) =>
    values.map((value, at) => {
      // Nothing is known of that window: a gap, not a fall to the bottom.
      if (value === null) return null
      sums[at] = (sums[at] ?? 0) + value
      return sums[at] as number
    }),
  )
  return [x, ...stacked]
}

function optionsOf(props: ChartProps, element: HTMLElement): uPlot.Options {
  const { series, format, isStacked = false, height = heightPx, grain, onRange, partialFrom, notes = [] } = props
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const axis = { stroke: colour('soft'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } }
  const font = `12px ${style.fontFamily}`
  return {
    width: Math.max(element.clientWidth, 200),
    height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    legend: { show: false },
    cursor: { drag: { x: onRange !== undefined, y: false }, points: { size: 7 } },
    scales: { y: { range: (_plot, _min, max) => [0, isStacked ? 1 : max > 0 ? max * 1.08 : 1] } },
    axes: [
      {
        ...axis,
        font,
        grid: { show: false },
        space: 70,
        size: 30,
        values: (_plot, splits) => splits.map((at) => tick(grain, at)),
      },
      { ...axis, font, size: 54, values: (_plot, splits) => splits.map((value) => format(value)) },
    ],
    series: [
      {},
      ...series.map(({ label, isDashed, colour: at = 0 }) => ({
        label,
        stroke: colour(`c${at}`),
        width: isDashed ? 1.5 : 2,
        ...(isDashed && { dash: [5, 5] }),
        ...(isStacked && { fill: colour(`c${at}`), width: 1 }),
        ...(!isStacked && series.length === 1 && { fill: colour('wash') }),
        points: { show: props.windows.length < 3 },
        spanGaps: false,
      })),
    ],
    ...(isStacked && { bands: series.slice(1).map((_, at) => ({ series: [at + 2, at + 1] as [number, number] })) }),
    plugins: [
      tooltip(props),
      drawNotes(notes, colour('soft')),
      ...(partialFrom === undefined ? [] : [drawPartial(partialFrom, colour('partial'))]),
    ],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width } = plot.select
          if (!onRange || width < 8) return
          onRange(plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000)
        },
      ],
    },
  }
}

const hour = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', day: 'numeric', month: 'short' })
const month = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', month: 'short', year: '2-digit' })

function tick(grain: string, seconds: number): string {
  const time = seconds * 1000
  if (grain === 'month') return month.format(time)
  return (grain === 'hour' || grain === 'minute') && time % 86_400_000 !== 0 ? hour.format(time) : day.format(time)
}
