/** What charts have beside their lines: a tooltip with every value, notes at their days, a shade over what still grows. */
import type uPlot from 'uplot'
import type { ChartProps } from './chart.tsx'
import { formatWindow } from './numbers.ts'

export interface Note {
  readonly id: string
  readonly day: string
  readonly text: string
}

export function tooltip({ windows, series, format, grain, hidden, notes = [] }: ChartProps): uPlot.Plugin {
  const tip = document.createElement('div')
  tip.className = 'tip'
  tip.setAttribute('aria-hidden', 'true')
  const line = (text: string, colour?: number) => {
    const row = document.createElement('div')
    if (colour !== undefined) {
      const dot = document.createElement('i')
      dot.style.background = `var(--c${colour})`
      row.append(dot)
    }
    row.append(text)
    return row
  }
  return {
    hooks: {
      init: (plot) => plot.over.append(tip),
      setCursor: (plot) => {
        const at = plot.cursor.idx
        tip.hidden = at === null || at === undefined
        if (at === null || at === undefined) return
        const window = windows[at] ?? 0
        const lines = series.map(({ label, values, windows: own, colour }) => {
          const value = values[at]
          const missing = hidden?.has(window) && !own ? 'too few to show' : 'none'
          const when = own?.[at] === undefined ? '' : ` (${formatWindow(grain, own[at])})`
          return line(
            `${label}${when}: ${value === null || value === undefined ? missing : format(value)}`,
            colour ?? 0,
          )
        })
        const said = notes.filter(({ day }) => isIn(day, window, windows[at + 1]))
        tip.replaceChildren(line(formatWindow(grain, window)), ...lines, ...said.map(({ text }) => line(`⚑ ${text}`)))
        const left = plot.cursor.left ?? 0
        const isRight = left > plot.over.clientWidth / 2
        tip.style.left = isRight ? 'auto' : `${left + 12}px`
        tip.style.right = isRight ? `${plot.over.clientWidth - left + 12}px` : 'auto'
      },
    },
  }
}

export function drawNotes(notes: readonly Note[], colour: string): uPlot.Plugin {
  return {
    hooks: {
      draw: (plot) => {
        for (const { day } of notes) {
          const seconds = Date.parse(day) / 1000
          const { min, max } = plot.scales.x as { min?: number; max?: number }
          if (min === undefined || max === undefined || seconds < min || seconds > max) continue
          const x = Math.round(plot.valToPos(seconds, 'x', true))
          const { ctx, bbox } = plot
          ctx.save()
          ctx.strokeStyle = colour
          ctx.fillStyle = colour
          ctx.setLineDash([2, 3])
          ctx.beginPath()
          ctx.moveTo(x, bbox.top)
          ctx.lineTo(x, bbox.top + bbox.height)
          ctx.stroke()
          ctx.fillText('⚑', x + 2, bbox.top + 10)
          ctx.restore()
        }
      },
    },
  }
}

export function drawPartial(from: number, colour: string): uPlot.Plugin {
  return {
    hooks: {
      drawClear: (plot) => {
        const { ctx, bbox } = plot
        const left = Math.max(bbox.left, plot.valToPos(from / 1000, 'x', true))
        const right = bbox.left + bbox.width
        if (!(left < right)) return
        ctx.save()
        ctx.fillStyle = colour
        ctx.fillRect(left, bbox.top, right - left, bbox.height)
        ctx.restore()
      },
    },
  }
}

function isIn(day: string, window: number, next: number | undefined): boolean {
  const time = Date.parse(day)
  return time >= window - (window % 86_400_000) && time < (next ?? window + 86_400_000) && time <= window + 86_400_000
}
