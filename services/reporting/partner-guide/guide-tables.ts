/** Tables of the guide as HTML. */
import { escapeHtml } from '../escape-html.ts'
import type { GuideDataset, GuideLevel, GuideLoss } from './guide-numbers.ts'

/** Devices of a cell for which the width of the noise is told in percent. */
const examples = [200, 1000, 10_000, 100_000]

export function noiseTable({ title, id, levels }: GuideDataset): string {
  const sums = levels[0]?.sums ?? []
  const rows = [
    ['devices', ...levels.map(({ halfDevices }) => `± ${whole(halfDevices)}`)],
    ['smallest published', ...levels.map(({ smallestDevices }) => whole(smallestDevices))],
    ...sums.flatMap((sum, index) => [
      [escapeHtml(sum.title.toLowerCase()), ...levels.map(({ sums }) => `± ${whole(sums[index]?.half ?? 0)}`)],
      ['smallest published', ...levels.map(({ sums }) => whole(sums[index]?.smallest ?? 0))],
    ]),
  ]
  return `<h3>${escapeHtml(title)} <code>${escapeHtml(id)}</code></h3>${table(`Noise of ${title}`, ['level', ...levels.map(levelHead)], rows)}`
}

/** With its dimensions. */
function levelHead({ level, by }: GuideLevel): string {
  return `${escapeHtml(level)} <span class="soft">${escapeHtml(by.join(', ') || 'all together')}</span>`
}

export function percentTable({ title, levels }: GuideDataset): string {
  const rows = examples.map((devices) => [
    `of ${whole(devices)} devices`,
    ...levels.map((level) => percentAt(level, devices)),
  ])
  return table(`Noise of ${title} in percent`, ['level', ...levels.map(({ level }) => escapeHtml(level))], rows)
}

function percentAt({ sigmaDevices, smallestDevices }: GuideLevel, devices: number): string {
  if (devices < smallestDevices) return 'rare'
  const percent = (196 * sigmaDevices) / devices
  return `± ${percent >= 10 ? percent.toFixed(0) : percent.toPrecision(2)} %`
}

export function boundsTable({ title, levels }: GuideDataset): string {
  const rows = [
    ['most cells of a device', ...levels.map(({ cellsMax }) => whole(cellsMax))],
    ...(levels[0]?.sums ?? []).map((sum, index) => [
      escapeHtml(`most ${sum.title.toLowerCase()} in a cell`),
      ...levels.map(({ sums }) => whole(sums[index]?.unitMax ?? 0)),
    ]),
  ]
  return table(
    `What counts of one device in ${title}`,
    ['level', ...levels.map(({ level }) => escapeHtml(level))],
    rows,
  )
}

export function lossTable(losses: readonly GuideLoss[]): string {
  const rows = losses.map(({ what, epsilon, odds }) => [
    what,
    epsilon.toFixed(2),
    `${Math.round(1000 * odds) / 10} of 100`,
  ])
  return table('What the guarantee says', ['of what', 'ε at δ = 10⁻⁷', 'right guesses at most'], rows)
}

export function whole(value: number): string {
  return value.toLocaleString('en')
}

/** It may be wider than a phone: then it can be moved, also by keys. @param heads and rows: HTML */
function table(label: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(label)}"><table><thead>${line(heads, 'th')}</thead><tbody>${rows.map((row) => line(row, 'td')).join('')}</tbody></table></div>`
}
