/** The table "Who gets what" of infra/partner-api.md, as the test runs it. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

export const callers = [
  'no key',
  'wrong key',
  "other partner's",
  'expired',
  'revoked',
  'analyst token',
  'admin token',
  'out of scope',
  'right key',
] as const
export type Caller = (typeof callers)[number]

export interface AccessRow {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  /** With `{d}`, `{day}`, `{token}`, `{id}`. */
  readonly path: string
  /** By caller; undefined: the request cannot be made. */
  readonly status: ReadonlyMap<Caller, number | undefined>
}

const file = path.join(import.meta.dirname, '../../infra/partner-api.md')

export async function readAccessTable(): Promise<AccessRow[]> {
  const text = await readFile(file, 'utf8')
  const lines = text
    .slice(text.indexOf('## Who gets what'))
    .split('\n')
    .filter((line) => line.startsWith('| '))
  const [head = [], , ...rows] = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  assert.deepEqual(head, ['request', ...callers])
  return rows.map(([request = '', ...cells]) => {
    const [, method, asked] = /^`(GET|HEAD|POST|DELETE) (\/\S*)`$/.exec(request) ?? []
    assert.ok(method && asked, request)
    assert.equal(cells.length, callers.length, request)
    const status = cells.map((cell) => (cell === '–' ? undefined : Number(cell)))
    return {
      method: method as AccessRow['method'],
      path: asked,
      status: new Map(callers.map((caller, index) => [caller, status[index]])),
    }
  })
}
