/** Countries by their events, as a picture beside the list that has the numbers. */
import { useMemo } from 'preact/hooks'
import type { ListRow } from './list-rows.ts'
import { formatWhole } from './numbers.ts'
import { worldShapes, worldSize } from './world-shapes.ts'

interface WorldMapProps {
  readonly rows: readonly ListRow[]
  readonly titleOf: (value: string) => string
  readonly onPick: (value: string) => void
}

export function WorldMap({ rows, titleOf, onPick }: WorldMapProps) {
  const shapes = useMemo(() => worldShapes.split('\n').map((line) => [line.slice(0, 2), line.slice(2)] as const), [])
  const events = new Map(rows.map((row) => [row.value, row.events]))
  const most = Math.max(1, ...rows.map((row) => row.events))
  return (
    <svg
      class="world"
      viewBox={`0 0 ${worldSize[0]} ${worldSize[1]}`}
      role="img"
      aria-label="Countries on a map; the list beside it has the numbers"
    >
      {shapes.map(([code, drawn]) => {
        const count = events.get(code)
        if (count === undefined) return <path key={code} d={drawn} />
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the list beside it does the same by keyboard
          <path
            key={code}
            d={drawn}
            class="has"
            style={{ fillOpacity: 0.2 + 0.8 * Math.sqrt(count / most) }}
            onClick={() => onPick(code)}
          >
            <title>{`${titleOf(code)}: ${formatWhole(count)} events`}</title>
          </path>
        )
      })}
    </svg>
  )
}
