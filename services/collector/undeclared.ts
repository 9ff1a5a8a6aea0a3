/**
 * What senders use that the catalogue does not declare, so that an operator sees what to declare: by the shape of its
 * name, as a name may have anything in it. In this process's memory alone and for as long as it runs; a name is there as
 * a hash under a key of this process, so that the operator can ask how often a name came that they already have in mind.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../shared/clock.ts'
import { KeyedHash } from '../../shared/keyed-hash.ts'
import { rfc3339 } from '../../shared/rfc3339.ts'

const namesMax = 10_000
const shapesMax = 500
const runsMax = 12

/** A use that became `(other)`; of one request, until its events are durable. */
export interface UndeclaredUse {
  readonly kind: 'name' | 'path'
  /** As the sender wrote it. */
  readonly text: string
  /** Declared fields that came with it. */
  readonly fields: readonly string[]
}

export interface UndeclaredShape {
  protocol: string
  kind: UndeclaredUse['kind']
  /** From `shapeOf`. */
  shape: string
  events: number
  /** Different ones; a lower bound once `complete` is false. */
  names: number
  fields: string[]
}

export interface UndeclaredReport {
  /** When this collector began to count; RFC 3339. */
  since: string
  /** By events, most first. */
  shapes: UndeclaredShape[]
  /** False: there were more names or shapes than are kept apart. */
  complete: boolean
  /** Events for each of the names that were asked for, in their order. */
  named: number[]
}

type CountedShape = Omit<UndeclaredShape, 'fields'> & { fields: Set<string> }

export class Undeclared {
  readonly #since: number
  readonly #hash = new KeyedHash(randomBytes(32))
  readonly #names = new Map<string, number>()
  readonly #shapes = new Map<string, CountedShape>()
  #complete = true

  constructor(clock: Clock) {
    this.#since = clock.now()
  }

  note(protocol: string, { kind, text, fields }: UndeclaredUse): void {
    const isNew = this.#count(text)
    const shape = this.#shapeOf(protocol, kind, shapeOf(text))
    shape.events++
    if (isNew) shape.names++
    for (const field of fields) shape.fields.add(field)
  }

  report(asked: readonly string[] = []): UndeclaredReport {
    return {
      since: rfc3339(this.#since),
      shapes: [...this.#shapes.values()]
        .map((shape) => ({ ...shape, fields: [...shape.fields].sort() }))
        .sort((one, other) => other.events - one.events),
      complete: this.#complete,
      named: asked.map((name) => this.#names.get(this.#keyOf(name)) ?? 0),
    }
  }

  #count(text: string): boolean {
    const key = this.#keyOf(text)
    const before = this.#names.get(key)
    if (before === undefined && this.#names.size >= namesMax) {
      this.#complete = false
      return false
    }
    this.#names.set(key, (before ?? 0) + 1)
    return before === undefined
  }

  #shapeOf(protocol: string, kind: UndeclaredUse['kind'], shape: string): CountedShape {
    const key = `${protocol} ${kind} ${shape}`
    const found = this.#shapes.get(key)
    if (found) return found
    if (this.#shapes.size >= shapesMax) {
      this.#complete = false
      // One more than the bound for each protocol and kind at most.
      if (shape !== more) return this.#shapeOf(protocol, kind, more)
    }
    const made = { protocol, kind, shape, events: 0, names: 0, fields: new Set<string>() }
    this.#shapes.set(key, made)
    return made
  }

  #keyOf(text: string): string {
    return this.#hash.digestLatin1(text).slice(0, 16)
  }
}

const more = '(more shapes)'

/**
 * `Package Installed 17` is `Aa Aa 9`: runs of letters as `a`, `A` or `Aa` by their case, of digits as `9`, of anything
 * that is no letter, digit or usual separator as `?`. No length, so that not even that of a name is kept.
 */
export function shapeOf(text: string): string {
  if (text === '') return '(empty)'
  const runs = text.slice(0, 256).match(/\p{L}+|\p{N}+|[ _\-/.:]+|[^\p{L}\p{N} _\-/.:]+/gu) ?? []
  const shown = runs.slice(0, runsMax).map(shapeOfRun).join('')
  return runs.length > runsMax ? `${shown}…` : shown
}

function shapeOfRun(run: string): string {
  const first = run[0] as string
  if (' _-/.:'.includes(first)) return first
  if (/\p{N}/u.test(run)) return '9'
  if (!/\p{L}/u.test(run)) return '?'
  if (run === run.toLowerCase()) return 'a'
  return run === run.toUpperCase() ? 'A' : 'Aa'
}
