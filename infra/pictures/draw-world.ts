/**
 * `npx tsx infra/pictures/draw-world.ts` draws world-shapes.ts of the dashboard's page: the outlines of countries, coarse enough
 * for a small picture. Source: Natural Earth 1:110m (public domain), as the package world-atlas has it.
 */
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'

const require = createRequire(import.meta.url)
const world = require('world-atlas/countries-110m.json')
const { feature } = require('topojson-client') as {
  feature(topology: unknown, object: unknown): { features: { id?: string; geometry: Geometry }[] }
}
const { numericToAlpha2 } = require('i18n-iso-countries') as { numericToAlpha2(id: string): string | undefined }

type Ring = [number, number][]
type Geometry = { type: 'Polygon'; coordinates: Ring[] } | { type: 'MultiPolygon'; coordinates: Ring[][] }

/** Degrees per unit of the drawing. */
const step = 0.8
/** Rings of less than so many square units are not seen. */
const areaMin = 1.2

const shapes: [string, string][] = []
for (const { id, geometry } of feature(world, world.objects.countries).features) {
  const code = id === undefined ? undefined : numericToAlpha2(id)
  if (code === undefined || code === 'AQ') continue
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
  const rings = polygons.flatMap(([outer]) => (outer ? [coarse(outer)] : []))
  const large = rings.filter((ring) => area(ring) >= areaMin)
  const drawn = (large.length > 0 ? large : rings.slice(0, 1)).map(pathOf).join('')
  shapes.push([code, drawn])
}

function coarse(ring: Ring): Ring {
  const points: Ring = []
  for (const [longitude, latitude] of ring) {
    const point: [number, number] = [Math.round((longitude + 180) / step), Math.round((84 - latitude) / step)]
    const last = points.at(-1)
    if (last && last[0] === point[0] && last[1] === point[1]) continue
    const before = points.at(-2)
    // A point on the line between its neighbours draws nothing.
    if (last && before && (last[0] - before[0]) * (point[1] - last[1]) === (last[1] - before[1]) * (point[0] - last[0]))
      points.pop()
    points.push(point)
  }
  return points
}

function area(ring: Ring): number {
  const sum = ring.reduce((total, [x, y], at) => {
    const [nextX, nextY] = ring[(at + 1) % ring.length] as [number, number]
    return total + x * nextY - nextX * y
  }, 0)
  return Math.abs(sum) / 2
}

function pathOf(ring: Ring): string {
  const [first = [0, 0], ...rest] = ring
  let [x, y] = first
  const steps = rest.map(([toX, toY]) => {
    const text = `${toX - x},${toY - y}`
    ;[x, y] = [toX, toY]
    return text
  })
  return `M${first[0]},${first[1]}l${steps.join(' ').replaceAll(/,-/g, '-').replaceAll(/ -/g, '-')}z`
}

const text = shapes.map(([code, drawn]) => `${code}${drawn}`).join('\n')
await writeFile(
  path.join(import.meta.dirname, '../../services/reporting/dashboard/page/world-shapes.ts'),
  `/** Drawn by infra/pictures/draw-world.ts from Natural Earth (public domain): a line a country, its code and its outlines. */
export const worldShapes = \`${text}\`
export const worldSize = [${Math.round(360 / step)}, ${Math.round(142 / step)}] as const
`,
)
