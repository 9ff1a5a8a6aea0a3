/** A part of the spool: the lines of one batch, in a file of their own or in memory alone. */
import { readFile, rm } from 'node:fs/promises'

export interface Segment {
  readonly number: number
  /** ms since the Unix epoch */
  readonly madeAt: number
  /** Where its lines are on disk; without, they are in `text` alone. */
  readonly file: string | undefined
  /** Its lines, where they are (still) in memory. */
  text: string | undefined
  size: number
  /** Undefined of a file that an earlier process left, until it has been read. */
  events: number | undefined
  /** Number of its first event; 0 of an earlier process's. */
  readonly first: number
  /** Whether more may be written to it. */
  isOpen: boolean
}

export interface SegmentLines {
  readonly lines: string[]
  /** Lines that are none: torn or spoiled when the machine went down. */
  readonly damaged: number
}

const fileEnding = '.ndjson'

/** Sorts by number; says when it was made, as times of files do not survive a copy. */
export function fileName({ number, madeAt }: Pick<Segment, 'number' | 'madeAt'>): string {
  return `${String(number).padStart(12, '0')}-${madeAt}${fileEnding}`
}

export function parseFileName(name: string): Pick<Segment, 'number' | 'madeAt'> | undefined {
  const [, number, madeAt] = /^(\d{12})-(\d{1,15})\.ndjson$/.exec(name) ?? []
  return number === undefined ? undefined : { number: Number(number), madeAt: Number(madeAt) }
}

/** @throws Error when the file cannot be read */
export async function readLines(segment: Segment): Promise<SegmentLines> {
  const { text, file } = segment
  if (text !== undefined) return { lines: text.split('\n').slice(0, -1), damaged: 0 }
  const lines = (await readFile(file as string, 'utf8')).split('\n')
  // After a whole last line comes an empty one.
  const torn = lines.pop() === '' ? 0 : 1
  if (segment.events !== undefined) return { lines, damaged: torn }
  const whole = lines.filter(isWhole)
  return { lines: whole, damaged: lines.length - whole.length + torn }
}

/** How many events went with it. */
export async function removeSegment(segment: Segment): Promise<number> {
  const { file } = segment
  const events =
    segment.events ??
    (await readLines(segment).then(
      ({ lines }) => lines.length,
      () => 0,
    ))
  if (file !== undefined) await rm(file, { force: true }).catch(() => undefined)
  return events
}

function isWhole(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object'
  } catch {
    return false
  }
}
