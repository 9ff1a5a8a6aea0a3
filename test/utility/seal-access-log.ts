/**
 * Exact cells of a day of the sample access log (test/fixtures/access-log), by the importer and the seal themselves, with
 * its addresses multiplied where a larger site is wanted.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LineImporter } from '../../services/importer/import-lines.ts'
import { type NumberedLine, numberedLines } from '../../services/importer/numbered-lines.ts'
import type { ExactCell } from '../../services/release/release-types.ts'
import { sealDay } from '../../services/worker/seal/seal-day.ts'
import type { Catalogue } from '../../shared/catalogue.ts'
import { ManualClock } from '../../shared/clock.ts'
import { MemoryEventLog } from '../doubles/memory-event-log.ts'
import { MemoryKeyValue } from '../doubles/memory-key-value.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'

const fixtures = fileURLToPath(new URL('../fixtures/access-log/', import.meta.url))
const linesPerAppend = 5000

export const accessLogDays = ['2015-05-17', '2015-05-18', '2015-05-19', '2015-05-20'] as const

export function accessLogCatalogue(name: string): string {
  return path.join(fixtures, name)
}

/**
 * @param sealKey 32 bytes; it decides which cells of a device count where it has more than C
 * @param copies each line again from so many addresses: the same visits, by so many times the devices
 * @returns by level of the dataset `sections`
 */
export async function sealAccessLog(
  catalogue: Catalogue,
  day: string,
  { sealKey, copies = 1 }: { sealKey: Uint8Array; copies?: number },
): Promise<ReadonlyMap<string, readonly ExactCell[]>> {
  const clock = new ManualClock(Date.parse('2026-11-23T12:00:00Z'))
  const log = new MemoryEventLog(clock, 1)
  const importer = new LineImporter({ log, writeKey: 'utility', catalogue, clock })
  for await (const lines of portions(path.join(fixtures, 'apache-access.log.gz'), logDay(day), copies))
    await importer.append(lines, 'combined', false)
  return withTemporaryDirectory(async (scratchDir) => {
    const sealed = await sealDay(day, sealKey, {
      ...{ log, keyValue: new MemoryKeyValue(clock), catalogue, locate: () => '', scratchDir },
      onProgress: async () => undefined,
    })
    const cells = new Map([...sealed.cellsOf('sections')].map(([level, some]) => [level, [...some]]))
    await sealed.remove()
    return cells
  })
}

/** Only lines of that day, to spare the seal the others. */
async function* portions(file: string, day: string, copies: number): AsyncGenerator<NumberedLine[]> {
  const addresses = new Map<string, number>()
  let lines: NumberedLine[] = []
  for await (const { line, occurrence } of numberedLines(file, () => undefined)) {
    if (!line.includes(day)) continue
    const end = line.indexOf(' ')
    const address = line.slice(0, end)
    const number = addresses.get(address) ?? addresses.size
    addresses.set(address, number)
    for (let copy = 0; copy < copies; copy++) {
      lines.push({ occurrence, line: (copy === 0 ? address : syntheticAddress(copy, number)) + line.slice(end) })
      if (lines.length < linesPerAppend) continue
      yield lines
      lines = []
    }
  }
  yield lines
}

/** In 2001:db8::/32, which no real sender has (RFC 3849). */
function syntheticAddress(copy: number, number: number): string {
  return `2001:db8::${copy.toString(16)}:${number.toString(16)}`
}

/** `2015-05-17` as the log has it. */
function logDay(day: string): string {
  const [year, , date] = day.split('-')
  return `[${date}/May/${year}:`
}
