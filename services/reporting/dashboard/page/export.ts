/** What a panel shows, as a file or as the request that gives it: exactly what is shown, nothing more. */
export interface Exported {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number | null)[])[]
  /** Requests behind it. */
  readonly paths: readonly string[]
}

export function saveCsv({ title, columns, rows }: Exported): void {
  const text = [columns, ...rows].map((row) => `${row.map(csvField).join(',')}\r\n`).join('')
  save(new Blob([text], { type: 'text/csv' }), `${fileName(title)}.csv`)
}

export function saveJson({ title, columns, rows }: Exported): void {
  save(new Blob([JSON.stringify({ title, columns, rows })], { type: 'application/json' }), `${fileName(title)}.json`)
}

export async function copyCall({ paths }: Exported): Promise<void> {
  const calls = paths.map(
    (path) => `curl -H "Authorization: Bearer $TOKEN" '${location.origin}${path.replaceAll("'", '%27')}'`,
  )
  await navigator.clipboard.writeText(calls.join('\n'))
}

/** The chart as it stands with its title; of a list its rows. */
export async function savePng(exported: Exported, section: HTMLElement | null): Promise<void> {
  const chart = section?.querySelector('canvas')
  const scale = 2
  const style = getComputedStyle(section ?? document.body)
  const rows = chart ? [] : exported.rows.slice(0, 30)
  const width = chart ? chart.width / devicePixelRatio + 32 : 480
  const height = chart ? chart.height / devicePixelRatio + 60 : 60 + rows.length * 22
  const canvas = document.createElement('canvas')
  canvas.width = width * scale
  canvas.height = height * scale
  const context = canvas.getContext('2d')
  if (!context) throw new Error('no canvas')
  context.scale(scale, scale)
  context.fillStyle = style.getPropertyValue('--card')
  context.fillRect(0, 0, width, height)
  context.fillStyle = style.getPropertyValue('--text')
  context.font = `600 15px ${style.fontFamily}`
  context.fillText(exported.title, 16, 28)
  if (chart) context.drawImage(chart, 16, 44, chart.width / devicePixelRatio, chart.height / devicePixelRatio)
  context.font = `13px ${style.fontFamily}`
  rows.forEach((row, at) => {
    const y = 58 + at * 22
    context.textAlign = 'left'
    context.fillText(String(row[0] ?? ''), 16, y, width - 180)
    context.textAlign = 'right'
    context.fillText(row.slice(1, 3).join('   '), width - 16, y)
  })
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve))
  if (blob) save(blob, `${fileName(exported.title)}.png`)
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

function fileName(title: string): string {
  return `headcount-${title.toLowerCase().replace(/\W+/g, '-')}`
}

/** RFC 4180; what a spreadsheet would take for a formula gets an apostrophe in front. */
function csvField(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
