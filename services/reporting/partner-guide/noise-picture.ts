/** The picture of the guide: three parts and their total, each with noise of its own, so that the parts miss the total. */
import type { GuideLevel } from './guide-numbers.ts'

/** Without a style of its own: the page's sheet has it (`noisePictureStyle`). */
export function noisePicture(levels: readonly GuideLevel[]): string {
  const parts = levels[0] as GuideLevel
  const total = levels.find(({ by }) => by.length === 0 && levels.length > 1)
  // Exact counts well above the threshold, and noise as it may come out.
  const exact = [2.4, 1.8, 1.4].map((factor) => Math.round((factor * parts.smallestDevices) / 10) * 10)
  const noise = [1.2, -0.9, 0.8].map((factor) => Math.round(factor * parts.sigmaDevices))
  const rows = exact.map((count, index) => ({
    name: `part ${'ABC'[index]}`,
    count,
    noise: noise[index] ?? 0,
    level: parts,
  }))
  const sum = exact.reduce((all, one) => all + one, 0)
  if (total) rows.push({ name: 'total', count: sum, noise: -Math.round(0.6 * total.sigmaDevices), level: total })
  const largest = Math.max(...rows.map(({ count, level }) => count + 3 * level.sigmaDevices))
  const scale: Scale = (count) => Math.round((left + (count / largest) * width) * 10) / 10
  const published = rows.map(({ count, noise }) => count + noise)
  const sumOfParts = published.slice(0, 3).reduce((all, one) => all + one, 0)
  const text = total
    ? [
        `The parts as published: ${published.slice(0, 3).join(' + ')} = ${sumOfParts}.`,
        `The total as published: ${published[3]}. Use that one.`,
      ]
    : [
        `The parts as published: ${published.join(' + ')} = ${sumOfParts}.`,
        `Their exact counts: ${exact.join(' + ')} = ${sum}.`,
      ]
  const height = 116 + rows.length * rowHeight + 52
  const words = rows.map(({ name }, index) => `${name} ${published[index]}`).join(', ')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 ${height}" role="img" aria-labelledby="noise-title noise-desc" font-family="system-ui, -apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif">
<title id="noise-title">Published counts and what was there</title>
<desc id="noise-desc">An example. Each row has a published count, an interval around it and the exact count, which nobody gets: ${words}. The published parts add up to ${sumOfParts}, since each count has noise of its own.</desc>
<rect class="p-card" x=".5" y=".5" width="399" height="${height - 1}" rx="10"/>
<text class="p-name" x="16" y="26">An example of published counts</text>
${legend}
${rows.map((row, index) => rowMark(row, 112 + index * rowHeight, scale)).join('\n')}
<text class="p-text" x="16" y="${height - 36}">${text[0]}</text>
<text class="p-text p-strong" x="16" y="${height - 16}">${text[1]}</text>
</svg>
`
}

type Scale = (count: number) => number

const left = 74
const width = 310
const rowHeight = 46

const legend = `<circle class="p-dot" cx="24" cy="48" r="5"/><text class="p-text" x="40" y="53">published</text>
<path class="p-span" d="M124 48 h32 M124 43 v10 M156 43 v10"/><text class="p-text" x="164" y="53">holds it 95 times of 100</text>
<path class="p-exact" d="M24 66 v16"/><text class="p-text" x="40" y="79">the exact count, which nobody gets</text>`

interface Row {
  readonly name: string
  readonly count: number
  readonly noise: number
  readonly level: GuideLevel
}

function rowMark({ name, count, noise, level }: Row, y: number, scale: Scale): string {
  const published = count + noise
  const [from, at, to] = [published - level.halfDevices, published, published + level.halfDevices].map(scale)
  const isTotal = level.by.length === 0
  return `<path class="p-base" d="M${left} ${y + 12} H${left + width}"/>
<text class="p-text${isTotal ? ' p-strong' : ''}" x="16" y="${y + 17}">${name}</text>
<path class="p-span" d="M${from} ${y + 12} H${to} M${from} ${y + 6} v12 M${to} ${y + 6} v12"/>
<path class="p-exact" d="M${scale(count)} ${y + 1} v22"/>
<circle class="p-dot" cx="${at}" cy="${y + 12}" r="5"/>
<text class="p-text" x="${at}" y="${y - 3}" text-anchor="middle">${published} ± ${level.halfDevices}</text>`
}

export const noisePictureStyle = `
.p-card{fill:#fff;stroke:#d0d7de}.p-name{fill:#1f2328;font-size:15px;font-weight:600}.p-text{fill:#424a53;font-size:13px}.p-strong{font-weight:600}
.p-base{stroke:#d8dee4;fill:none}.p-span{stroke:#0b57a4;stroke-width:2;fill:none}.p-dot{fill:#0b57a4}.p-exact{stroke:#b35900;stroke-width:3;fill:none}
@media(prefers-color-scheme:dark){.p-card{fill:#0d1117;stroke:#3d444d}.p-name{fill:#f0f6fc}.p-text{fill:#b1bac4}
.p-base{stroke:#2d333b}.p-span{stroke:#79b8ff}.p-dot{fill:#79b8ff}.p-exact{stroke:#f0a35e}}`

/** The picture as a file. */
export function noisePictureFile(levels: readonly GuideLevel[]): string {
  return noisePicture(levels).replace('<rect', () => `<style>${noisePictureStyle}\n</style>\n<rect`)
}
