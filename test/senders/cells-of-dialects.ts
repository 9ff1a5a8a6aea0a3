/** The cells of an installation, by the window in which they are. */
import assert from 'node:assert/strict'
import type { Headcount } from '../../services/headcount.ts'

/** Of each dataset with any: dimension values, events, devices and means, row by row. */
export type Cells = Readonly<Record<string, readonly unknown[][]>>

const dayMs = 86_400_000

/** Every dataset's minutes with all of its dimensions and measures. @param moment of their day */
export async function cellsByWindow(headcount: Headcount, moment: string): Promise<Map<string, Cells>> {
  const windows = new Map<string, Record<string, unknown[][]>>()
  for (const { id, dimensions, measures, grains } of headcount.catalogue.datasets) {
    assert.ok(grains.includes('minute'), id)
    const metrics = ['events', 'devices', ...measures].join(',')
    const rows = await usage(headcount, `dataset=${id}&grain=minute&by=${dimensions}&metrics=${metrics}`, moment)
    for (const [window, ...cell] of rows) {
      const cells = windows.get(String(window)) ?? {}
      windows.set(String(window), cells)
      cells[id] = [...(cells[id] ?? []), cell].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    }
  }
  return windows
}

/** Rows of a question about so many days from the moment's on. */
export async function usage(
  { reportingUrl, credentials }: Headcount,
  question: string,
  moment: string,
  days = 1,
): Promise<unknown[][]> {
  const from = moment.slice(0, 10)
  const to = new Date(Date.parse(from) + days * dayMs).toISOString().slice(0, 10)
  const response = await fetch(`${reportingUrl}/api/v1/usage?${question}&from=${from}&to=${to}`, {
    headers: { authorization: `Bearer ${credentials.adminToken}` },
  })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return (JSON.parse(text) as { rows: unknown[][] }).rows
}
