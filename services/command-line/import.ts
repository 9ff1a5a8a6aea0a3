/** `headcount import FILE`: an access log's requests become events, once. */
import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { SingleBar } from 'cli-progress'
import type { Config } from '../../shared/config.ts'
import type { AccessLogFormat } from '../importer/access-log-line.ts'
import { type NumberedLine, numberedLines } from '../importer/numbered-lines.ts'
import type { Desk, ImportTally } from '../operator/desk.ts'
import { ForeseenError } from '../start-failure.ts'
import { withDesk } from './installation.ts'

const linesPerAppend = 5000
const charactersPerAppend = 2 * 1024 * 1024
const shownMalformed = 5

interface ImportOptions {
  format: AccessLogFormat
  keepBots: boolean
}

interface Imported {
  lines: number
  malformed: number[]
  tally: ImportTally
}

/** Imports and prints what became of the lines. @throws Error with the mend when the file cannot be read */
export async function importFile(config: Config, file: string, options: ImportOptions): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile())
    throw new ForeseenError(`${file} is not a file that can be read; give the path of an access log, plain or gzip`)
  const startedAt = performance.now()
  const imported = await withDesk(config, (desk) => handIn(desk, file, found.size, options))
  process.stdout.write(summary(imported, (performance.now() - startedAt) / 1000, options))
  if (imported.lines > 0 && imported.malformed.length >= imported.lines) process.exitCode = 1
}

async function handIn(
  desk: Desk,
  file: string,
  fileBytes: number,
  { format, keepBots }: ImportOptions,
): Promise<Imported> {
  const before = (await desk.progress({})).tally
  const bar = new SingleBar({
    format: ' {bar} {percentage}% of the file | {lines} lines',
    hideCursor: true,
    noTTYOutput: false,
  })
  bar.start(Math.max(1, fileBytes), 0, { lines: 0 })
  const positions: Record<string, number> = {}
  const malformed: number[] = []
  let lines = 0
  let bytes = 0
  try {
    for await (const chunk of inChunks(numberedLines(file, (more) => (bytes += more)))) {
      const result = await desk.append(chunk, format, keepBots)
      for (const index of result.malformed) if (malformed.length < 1e6) malformed.push(lines + index + 1)
      for (const [partition, position] of Object.entries(result.positions)) positions[partition] = position
      lines += chunk.length
      bar.update(Math.min(bytes, fileBytes), { lines })
    }
  } finally {
    bar.stop()
  }
  for (;;) {
    const { done, tally } = await desk.progress(positions)
    if (done) return { lines, malformed, tally: difference(tally, before) }
    await sleep(100)
  }
}

async function* inChunks(lines: AsyncIterable<NumberedLine>): AsyncGenerator<NumberedLine[]> {
  let chunk: NumberedLine[] = []
  let characters = 0
  for await (const line of lines) {
    chunk.push(line)
    characters += line.line.length
    if (chunk.length < linesPerAppend && characters < charactersPerAppend) continue
    yield chunk
    chunk = []
    characters = 0
  }
  if (chunk.length > 0) yield chunk
}

function difference(after: ImportTally, before: ImportTally): ImportTally {
  return {
    counted: after.counted - before.counted,
    duplicate: after.duplicate - before.duplicate,
    late: after.late - before.late,
    bot: after.bot - before.bot,
  }
}

function summary({ lines, malformed, tally }: Imported, seconds: number, { format, keepBots }: ImportOptions): string {
  const rows: [string, number, string][] = [
    ['counted', tally.counted, ''],
    ['known already', tally.duplicate, 'imported before; not counted again'],
    ['bots', tally.bot, keepBots ? '' : '--keep-bots counts them'],
    ['too late', tally.late, 'their day, week or month has closed'],
    [
      'malformed',
      malformed.length,
      malformed.length === 0
        ? ''
        : `not the ${format} format: line ${malformed.slice(0, shownMalformed).join(', ')}${malformed.length > shownMalformed ? ', …' : ''}`,
    ],
  ]
  const shown = rows.filter(([name, count]) => count > 0 || name === 'counted')
  const text = shown.map(([name, count, note]) =>
    `  ${name.padEnd(14)} ${String(count).padStart(9)}  ${note}`.trimEnd(),
  )
  return `${lines} lines in ${seconds.toFixed(1)} s\n${text.join('\n')}\n`
}
