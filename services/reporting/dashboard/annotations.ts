/** Notes that analysts put at days of the charts: a release, an incident. */
import { randomBytes } from 'node:crypto'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import { parseMoment } from '../request-time.ts'
import { invalid, readText } from './view-wish.ts'

export interface Annotation {
  readonly id: string
  /** `YYYY-MM-DD`, in UTC. */
  readonly day: string
  readonly text: string
}

const prefix = 'annotation/'
const textMax = 140
export const annotationsMax = 1000

export async function listAnnotations(keyValue: KeyValue): Promise<Annotation[]> {
  const found: Annotation[] = []
  for await (const [, value] of keyValue.scan(prefix)) {
    found.push(JSON.parse(value.toString()) as Annotation)
    if (found.length === annotationsMax) break
  }
  return found
}

/** @throws ProblemError 400 */
export async function addAnnotation(keyValue: KeyValue, wish: Record<string, unknown>): Promise<Annotation> {
  const { day } = wish
  if (typeof day !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(parseMoment(day)))
    throw invalid('`day` must be a day, for example 2026-11-23')
  const text = readText('text', wish.text, textMax)
  if (text === '') throw invalid('`text` is empty; say what happened')
  if ((await listAnnotations(keyValue)).length >= annotationsMax)
    throw invalid(`there are ${annotationsMax} notes already; delete one first`)
  // Keys sort by the day, so that a list does too.
  const id = `${day}-${randomBytes(6).toString('hex')}`
  await keyValue.put(prefix + id, Buffer.from(JSON.stringify({ id, day, text })))
  return { id, day, text }
}

export async function deleteAnnotation(keyValue: KeyValue, id: string): Promise<void> {
  if (/^[\w-]{1,40}$/.test(id)) await keyValue.delete(prefix + id)
}
