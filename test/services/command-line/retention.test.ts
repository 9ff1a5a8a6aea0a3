/** `headcount retention` on an installation of its own, and what that leaves on the disk. */
import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { it } from 'node:test'
import { keptLines } from '../../../services/command-line/retention.ts'
import { readConfig } from '../../../shared/config.ts'
import { retentionTable } from '../../../shared/retention/table.ts'
import { hourMs } from '../../../shared/window.ts'
import { runCommand, temporaryFolder } from './command.ts'

const kinds = retentionTable(readConfig({}))

it('says of every kind how much is there and when it goes; every file belongs to a kind', async () => {
  await using folder = await temporaryFolder()
  const settings = { HEADCOUNT_DATA_DIR: folder.path }
  const { code, output } = await runCommand(['retention'], settings)
  assert.equal(code, 0, output)
  const lines = output.trimEnd().split('\n')
  assert.match(lines[0] ?? '', /^what +items +bytes +oldest +goes by \(UTC\) +kept$/)
  assert.deepEqual(
    lines.slice(1).map((line) => line.split(' ')[0]),
    kinds.map(({ id }) => id),
  )
  assert.match(output, /^ledger +1 +\d+ +0 h +- +for good$/m)
  assert.deepEqual(await strangeFiles(folder.path), [])
  // The control.
  await writeFile(path.join(folder.path, 'visits.json'), '[]')
  assert.deepEqual(await strangeFiles(folder.path), ['visits.json'])
})

it('prints the list itself without an installation', async () => {
  await using folder = await temporaryFolder()
  const { code, output } = await runCommand(['retention', '--table'], { HEADCOUNT_DATA_DIR: folder.path })
  assert.equal(code, 0, output)
  assert.match(output, /^\| `raw-records` \|/m)
  assert.deepEqual(await readdir(folder.path), [])
})

it('says what is past its time, and what a hold keeps beyond it', () => {
  const now = Date.parse('2026-11-23T12:00:00Z')
  const past = { items: 4, oldestAt: now - 60 * hourMs, goesAt: now - 12 * hourMs }
  const lineOf = (heldBy?: string[]) =>
    keptLines(kinds, [{ kind: 'minute-cells', ...past, ...(heldBy && { heldBy }) }], now)
      .split('\n')
      .find((line) => line.startsWith('minute-cells'))
  assert.match(lineOf() ?? '', /60 h +2026-11-23T00:00 OVERDUE +48 hours/)
  assert.match(lineOf(['LEG-1', 'LEG-2']) ?? '', /60 h +2026-11-23T00:00, held by LEG-1, LEG-2 +48 hours/)
})

async function strangeFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
    .filter((file) => !kinds.some(({ places }) => places.files?.some((begin) => file.startsWith(begin))))
}
