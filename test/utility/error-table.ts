/** What was measured as a Markdown table, and how it is found again in the document. */
import type { CellErrors, Errors } from './measure-error.ts'

export interface TableRow {
  readonly data: 'generated' | 'sample log'
  readonly errors: CellErrors
}

const begin = '<!-- made by npm run utility -->'
const end = '<!-- end of what npm run utility makes -->'
const header = `| data | level | devices of the cell | published (formula) | devices: error / σ | in the interval | events: error / σ | in the interval | events withheld |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |`
/** Fewer rows with events say nothing about their error. */
const rowsMin = 200

export function errorTable(rows: readonly TableRow[]): string {
  return [header, ...rows.map(line)].join('\n')
}

function line({ data, errors }: TableRow): string {
  const { level, devices, published, publishedByFormula, deviceErrors, eventErrors } = errors
  const withheld = 1 - eventErrors.count / deviceErrors.count
  const cells = [
    data,
    level,
    Math.round(devices).toLocaleString('en'),
    `${percent(published)} (${percent(publishedByFormula)})`,
    ...columns(deviceErrors),
    ...columns(eventErrors),
    percent(withheld),
  ]
  return `| ${cells.join(' | ')} |`
}

function columns(errors: Errors): string[] {
  const sigma = errors.sigma.toFixed(1)
  if (errors.count < rowsMin) return [`– / ${sigma}`, '–']
  return [`${errors.rms.toFixed(1)} / ${sigma}`, percent(errors.coverage)]
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`
}

/** The document with another table. @throws Error when it has no place for one */
export function withTable(document: string, table: string): string {
  const [from, to] = placeIn(document)
  return `${document.slice(0, from)}\n${table}\n${document.slice(to)}`
}

/** The table's lines as cells, without its head. */
export function tableIn(document: string): string[][] {
  const [from, to] = placeIn(document)
  const lines = document.slice(from, to).trim().split('\n').slice(2)
  return lines.map((one) =>
    one
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

function placeIn(document: string): [from: number, to: number] {
  const from = document.indexOf(begin) + begin.length
  const to = document.indexOf(end)
  if (from < begin.length || to < from) throw new Error(`the document has no lines ${begin} and ${end}`)
  return [from, to]
}
