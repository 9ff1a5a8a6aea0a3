/** What a dialect does with one input, and whether it may. */

import { isIdentifier } from '../../services/collector/event-values.ts'
import { createKeptIdentifier } from '../../services/collector/privacy/kept-identifier.ts'
import { type Dialect, pathOf } from '../../services/collector/protocols/dialect.ts'
import { everyDialect } from '../../services/collector/protocols/every-dialect.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { decodeRecord, eventsOf, otherValue, type RecordText } from '../../shared/event.ts'
import { ProblemError } from '../../shared/http/problem.ts'
import { adminToken, writeKey } from '../services/collector/running-collector.ts'
import type { Input } from './input.ts'
import { type Plant, plantIn } from './plant.ts'

/** For one input, which takes a dialect microseconds; long enough for a busy machine. */
export const inputMsMax = 2000

const catalogue = readCatalogue('')
const features = new Set([otherValue, ...catalogue.features.map(({ id }) => id)])
const receivedAt = Date.parse('2026-11-23T10:20:00Z')
const sender = {
  receivedAt,
  ip: '192.0.2.7',
  route: 'node' as const,
  cookie: 'AAAAAAAAAAAAAAAAAAAAAA',
  keptId: createKeptIdentifier({ choiceKey: '', adminToken }),
}

export function dialectsToTry(plant?: Plant): Dialect[] {
  const dialects = everyDialect({
    catalogue,
    isSenderKey: (key) => key === writeKey,
    limits: { bodyBytesMax: 1 << 20, inflatedBytesMax: 1 << 23 },
    eventsMax: 2500,
  })
  return plant === undefined ? dialects : dialects.map((dialect) => plantIn(dialect, plant))
}

export type Outcome = 'counted' | 'nothing counted' | 'refused'

/** @throws Error when the dialect does what none may: says what */
export function tryInput(dialects: readonly Dialect[], input: Input, isOptedOut?: () => boolean): Outcome {
  const began = performance.now()
  const outcome = outcomeOf(dialectOf(dialects, input), input, isOptedOut)
  const took = performance.now() - began
  if (took > inputMsMax) throw new Error(`it took ${Math.round(took)} ms`)
  for (const name in {}) throw new Error(`every object has a member ${name} now`)
  return outcome
}

function dialectOf(dialects: readonly Dialect[], { url, method }: Input): Dialect {
  // A parameter has no slash in it, and only one path has one.
  const path = pathOf(url).replace(/^\/array\/[^/]+\//, '/array/:key/')
  const found = dialects.find(({ routes }) => routes.some((route) => route.method === method && route.path === path))
  if (!found) throw new Error(`no dialect answers ${method} ${path}`)
  return found
}

function outcomeOf(dialect: Dialect, input: Input, isOptedOut: (() => boolean) | undefined): Outcome {
  try {
    const authorized = dialect.authorize(input) === 'granted'
    const userAgent = input.headers['user-agent'] ?? ''
    const reading = dialect.read({ ...input, authorized, sender: { ...sender, userAgent }, isOptedOut })
    for (const record of reading.records) checkRecord(record)
    const { status } = reading.answer(0)
    if (status < 200 || status > 299) throw new Error(`it answers ${status} though it has read the request`)
    return reading.records.length > 0 ? 'counted' : 'nothing counted'
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    if (error.problem.status < 400 || error.problem.status > 499)
      throw new Error(`a problem of ${error.problem.status}`)
    const { status } = dialect.refused(error.problem, input)
    if (status < 400 || status > 499) throw new Error(`it refuses with ${status}`)
    return 'refused'
  }
}

/** What the worker will read of it must be what it takes for granted. */
function checkRecord(record: RecordText): void {
  const decoded = decodeRecord(record.bytes())
  if (!decoded) throw new Error('it writes a record that cannot be read')
  if (decoded.unit.kind !== 'address' && !isIdentifier(decoded.unit.id)) throw new Error('its unit is no identifier')
  for (const { id, time, feature, fields } of eventsOf(decoded)) {
    if (!isIdentifier(id)) throw new Error('an event has no identifier')
    if (!(time >= 0 && time < Date.UTC(10_000, 0, 1))) throw new Error(`an event is of ${time}`)
    if (!features.has(feature)) throw new Error('an event has a feature that is not declared')
    for (const [name, value] of Object.entries(fields)) {
      const kind = catalogue.fields.get(name)
      const isRight = kind === 'text' ? typeof value === 'string' : typeof value === 'number' && Number.isFinite(value)
      if (kind === undefined || !isRight) throw new Error('an event has a field that is not declared')
    }
  }
}
