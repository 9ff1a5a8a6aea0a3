/** `infra/pictures/release-error.svg`: measured error beside the formula, and how often a cell near the threshold is published. */
import type { ReleaseSpecification } from '../../services/release/release-types.ts'
import { toNumber } from '../../shared/fraction.ts'
import { type CellErrors, publicationRate, z95 } from './measure-error.ts'
import { type Axis, type Frame, Plot } from './svg-plot.ts'

export interface Measured {
  readonly specification: ReleaseSpecification
  readonly small: ReleaseSpecification
  readonly generated: readonly CellErrors[]
  /** Of the sample access log. */
  readonly real: readonly CellErrors[]
  /** Cells of the default leaf and of the small profile near the threshold. */
  readonly nearThreshold: readonly { devices: number; published: number; isSmall: boolean }[]
}

const sizes: Axis = {
  ...{ from: 120, to: 200_000, isLog: true, title: 'devices of the cell' },
  ticks: [200, 1000, 10_000, 100_000].map((at) => ({ at, label: at.toLocaleString('en') })),
}
const frame = (top: number): Frame => ({ left: 52, top, width: 404, height: 170 })

export function errorPicture(measured: Measured): string {
  const plots = [noisePlot(measured), relativePlot(measured), thresholdPlot(measured)]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 882" role="img" aria-labelledby="title desc" font-family="-apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif">
<title id="title">Measured error of releases against the formula</title>
<desc id="desc">Three plots over the devices of a cell. First: the error of device and event counts lies on the sigma of the formula for cells of 1,000 to 100,000 devices. Second: the half-width of the 95 percent interval falls from a quarter at 200 devices to 0.05 percent at 100,000. Third: near the threshold cells are published as often as the exact tail of the noise says.</desc>
<style>${style}</style>
<rect class="card" x=".5" y=".5" width="479" height="881" rx="12"/>
<g>${legend}</g>
${plots.map((plot) => plot.svg()).join('\n')}
</svg>
`
}

function noisePlot({ specification, generated, real }: Measured): Plot {
  const powers = [10, 100, 1000].map((at) => ({ at, label: at.toLocaleString('en') }))
  const y: Axis = {
    from: 10,
    to: 4000,
    isLog: true,
    ticks: powers,
    title: 'Error (root mean square) of published rows',
  }
  const plot = new Plot(frame(100), sizes, y)
  for (const { level, varianceDevices, sums } of specification.levels) {
    for (const [variance, kind] of [
      [varianceDevices, ''],
      [sums[0]?.variance, ' dashed'],
    ] as const) {
      if (!variance) continue
      const sigma = Math.sqrt(toNumber(variance))
      plot.line(
        [
          [sizes.from, sigma],
          [sizes.to, sigma],
        ],
        level + kind,
      )
    }
  }
  const enough = ({ count }: { count: number }) => count >= 200
  for (const { level, devices, deviceErrors, eventErrors } of generated)
    for (const errors of [deviceErrors, eventErrors].filter(enough)) plot.dot([devices, errors.rms], level)
  for (const { level, devices, deviceErrors, eventErrors } of real)
    for (const errors of [deviceErrors, eventErrors].filter(enough)) plot.diamond([devices, errors.rms], level)
  plot.text([sizes.to, 1012], 'events, parent and total', 'tick end', [-4, -8])
  plot.text([sizes.to, 206], 'events, leaf', 'tick end', [-4, -8])
  plot.text([sizes.to, 32], 'devices', 'tick end', [-4, -10])
  return plot
}

function relativePlot({ specification, generated, real }: Measured): Plot {
  const ticks = [0.1, 1, 10].map((at) => ({ at, label: `±${at} %` }))
  const y: Axis = { from: 0.02, to: 60, isLog: true, ticks, title: '95 % interval of devices, in percent of the cell' }
  const plot = new Plot(frame(372), sizes, y)
  const half = (error: number, devices: number) => (100 * z95 * error) / devices
  for (const { level, varianceDevices } of specification.levels) {
    const sigma = Math.sqrt(toNumber(varianceDevices))
    plot.line(
      [sizes.from, sizes.to].map((devices) => [devices, half(sigma, devices)] as const),
      level,
    )
  }
  for (const { level, devices, deviceErrors } of generated) plot.dot([devices, half(deviceErrors.rms, devices)], level)
  for (const { level, devices, deviceErrors } of real) plot.diamond([devices, half(deviceErrors.rms, devices)], level)
  return plot
}

function thresholdPlot({ specification, small, nearThreshold }: Measured): Plot {
  const x: Axis = {
    ...{ from: 20, to: 280, title: 'devices of the cell' },
    ticks: [20, 70, 120, 184, 230, 280].map((at) => ({ at, label: String(at) })),
  }
  const ticks = [0, 0.5, 1].map((at) => ({ at, label: `${at * 100} %` }))
  const plot = new Plot(frame(644), x, {
    from: 0,
    to: 1.05,
    ticks,
    title: 'How often a cell near the threshold is published',
  })
  for (const [one, name] of [
    [specification, 'leaf'],
    [small, 'parent'],
  ] as const) {
    const level = one.levels[0]
    if (!level) continue
    const rate = publicationRate(level, one.k)
    plot.line(
      Array.from({ length: 131 }, (_, at) => [20 + 2 * at, rate(20 + 2 * at)] as const),
      name,
    )
  }
  for (const { devices, published, isSmall } of nearThreshold)
    plot.dot([devices, published], isSmall ? 'parent' : 'leaf')
  plot.text([70, 0.5], 'small profile', 'tick', [8, 5])
  plot.text([184, 0.5], 'leaf by default', 'tick', [8, 5])
  return plot
}

const legend = `<path class="line leaf" d="M16 24 h26"/><text class="tick" x="48" y="28">leaf</text>
<path class="line parent" d="M90 24 h26"/><text class="tick" x="122" y="28">parent</text>
<path class="line total" d="M180 24 h26"/><text class="tick" x="212" y="28">total</text>
<text class="tick" x="258" y="28">lines: the formula</text>
<circle class="dot ink" cx="22" cy="50" r="4"/><text class="tick" x="34" y="54">measured, generated</text>
<path class="diamond ink" d="M180 44 l6 6 l-6 6 l-6 -6 z"/><text class="tick" x="194" y="54">measured, the sample log multiplied</text>`

const style = `
.card{fill:#fff;stroke:#d0d7de}.axis{stroke:#57606a;fill:none}.grid{stroke:#d8dee4;stroke-width:1}
.name{fill:#1f2328;font-size:14px;font-weight:600}.tick{fill:#424a53;font-size:12.5px}.end{text-anchor:end}
.line{fill:none;stroke-width:1.8}.dashed{stroke-dasharray:6 4}.dot{stroke:#fff;stroke-width:1}.diamond{fill:none;stroke-width:1.8}
.line.leaf,.diamond.leaf{stroke:#0b57a4}.dot.leaf{fill:#0b57a4}.line.parent,.diamond.parent{stroke:#b35900}.dot.parent{fill:#b35900}
.line.total,.diamond.total{stroke:#1a7f37}.dot.total{fill:#1a7f37}.diamond.ink{stroke:#424a53}.dot.ink{fill:#424a53}
@media(prefers-color-scheme:dark){.card{fill:#0d1117;stroke:#3d444d}.axis{stroke:#8b949e}.grid{stroke:#262c36}
.name{fill:#f0f6fc}.tick{fill:#b1bac4}.dot{stroke:#0d1117}
.line.leaf,.diamond.leaf{stroke:#79b8ff}.dot.leaf{fill:#79b8ff}.line.parent,.diamond.parent{stroke:#f0a35e}.dot.parent{fill:#f0a35e}
.line.total,.diamond.total{stroke:#56d364}.dot.total{fill:#56d364}.diamond.ink{stroke:#b1bac4}.dot.ink{fill:#b1bac4}}
`
